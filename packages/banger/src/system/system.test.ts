import assert from 'node:assert/strict';
import {
  chown,
  glob,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { aJail } from '../../../../test/contract/jail-host-scene.ts';
import { bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createFakeBridgeHost } from '../network/bridge/fake-bridge-host.ts';
import { createFakeResolverHost } from '../network/dns/fake-resolver-host.ts';
import { createFakeJailHost, createFakeJails } from '../vmm/firecracker/jail/fake-jail-host.ts';
import { createFakeSystemd } from './fake-systemd.ts';
import { installSystem } from './install-system.ts';
import { systemPlaces } from './places.ts';
import { restartSystem } from './restart-system.ts';
import { systemStatus } from './system-status.ts';
import type { SystemHost } from './system-host.ts';
import { uninstallSystem } from './uninstall-system.ts';

const { signal } = new AbortController();
const onText = () => undefined;
/** What is written has to be root's to be believed. */
const skip = process.getuid?.() !== 0;

suite('banger system', { skip }, () => {
  test('install, the same again, restart and uninstall leave nothing', async () => {
    await using scene = await someSystem();
    const before = await scene.files();

    await scene.install();
    const once = await scene.files();
    const status = await systemStatus(scene.host, signal);
    await scene.install();
    const pid = scene.systemd.active.get('bangerd.service');
    await restartSystem(scene.host, signal);

    assert.deepEqual(await scene.files(), once);
    assert.ok(status.installed);
    assert.equal(status.owner.name, 'ana');
    assert.equal(status.build?.id, 'a-build');
    assert.notEqual(scene.systemd.active.get('bangerd.service'), pid);
    await uninstallSystem({ host: scene.host, purge: false, onText }, signal);
    await uninstallSystem({ host: scene.host, purge: false, onText }, signal);
    assert.deepEqual(await scene.files(), before);
    assert.deepEqual([...scene.systemd.enabled], []);
    assert.deepEqual([...scene.systemd.active.keys()], []);
  });

  for (const verb of ['daemon-reload', 'enable', 'restart']) {
    for (const when of ['before', 'after'] as const) {
      test(`a first install that fails ${when} "${verb}" leaves nothing`, async () => {
        await using scene = await someSystem();
        const before = await scene.files();
        scene.systemd.fail = { verb, when };

        await assert.rejects(scene.install(), { code: 'system.failed', message: new RegExp(verb) });

        assert.deepEqual(await scene.files(), before);
        assert.deepEqual([...scene.systemd.enabled, ...scene.systemd.active.keys()], []);
      });

      test(`an update that fails ${when} "${verb}" leaves what served before`, async () => {
        await using scene = await someSystem();
        await scene.install();
        const before = await scene.files();
        await writeFile(join(scene.source, 'dist/bangerd.js'), 'another build');
        scene.systemd.fail = { verb, when };

        await assert.rejects(scene.install(), { code: 'system.failed' });

        assert.deepEqual(await scene.files(), before);
        assert.deepEqual([...scene.systemd.active.keys()].sort(), [
          'banger-helper.socket',
          'banger-jail.socket',
          'banger-start.socket',
          'bangerd.service',
        ]);
      });
    }
  }

  test('what root runs is root’s, whoever owns what it was copied from', async () => {
    await using scene = await someSystem();
    for (const path of ['bin/banger', 'dist/bangerd.js', 'node'])
      await chown(join(scene.source, path), 1000, 1000);

    await scene.install();

    for await (const path of glob('**', { cwd: scene.host.places.program })) {
      const { uid, mode } = await stat(join(scene.host.places.program, path));
      assert.deepEqual([uid, mode & 0o022], [0, 0], path);
    }
  });

  test('a link in the program would give away what only root reads, and is refused', async () => {
    await using scene = await someSystem();
    const before = await scene.files();
    await symlink('/etc/shadow', join(scene.source, 'dist/more.js'));

    await assert.rejects(scene.install(), /more\.js": it is not a plain file/);

    assert.deepEqual(await scene.files(), before);
  });

  test('uninstall ends and removes the jails that a daemon has forgotten', async () => {
    await using scene = await someSystem();
    await scene.install();
    await scene.jails.place(aJail(1), [], signal);
    const order = { id: aJail(1).id, args: [], logFile: '/log' };
    const limits = { memoryMib: 64, vcpus: 1 };
    const forgotten = await scene.jails.spawn({ ...order, limits }, signal);

    await uninstallSystem({ host: scene.host, purge: false, onText }, signal);

    assert.deepEqual(await scene.jails.list(signal), []);
    assert.equal(forgotten.gone.aborted, true);
  });

  test('uninstall is refused while VMs run, and names them', async () => {
    await using scene = await someSystem();
    await scene.install();
    const before = await scene.files();
    scene.running.push('web', 'db');

    const refused = uninstallSystem({ host: scene.host, purge: true, onText }, signal);

    await assert.rejects(refused, {
      code: 'system.in_use',
      message: 'Cannot uninstall: these VMs run: web, db',
      hint: 'banger vm stop web db',
    });
    assert.deepEqual(await scene.files(), before);
  });

  test('uninstall takes taps away, and with --purge what the owner has, by the owner', async () => {
    await using scene = await someSystem();
    await scene.install();
    await scene.bridge.ensureTap('bgr0882-17', signal);
    await scene.resolver.route({ address: '127.0.0.1', port: 53 }, signal);

    await uninstallSystem({ host: scene.host, purge: true, onText }, signal);

    assert.equal(scene.bridge.host.links.size, 0);
    assert.equal(scene.resolver.resolver.link, undefined);
    assert.deepEqual(
      scene.ran.filter(([program]) => program === 'rm'),
      [['rm', '-rf', '--', '/home/ana/.local/state/banger', '/home/ana/.cache/banger']],
    );
  });

  for (const [who, change] of [
    ['anybody but root', { uid: 1000 }],
    ['a host without systemd', { isBooted: false }],
  ] as const) {
    test(`nothing is done for ${who}, and the message says what to do`, async () => {
      await using scene = await someSystem(change);
      const before = await scene.files();

      for (const verb of [
        scene.install(),
        restartSystem(scene.host, signal),
        uninstallSystem({ host: scene.host, purge: true, onText }, signal),
      ]) {
        await assert.rejects(verb, { code: /^system\.(needs_root|no_systemd)$/, hint: /banger/ });
      }

      assert.deepEqual(await scene.files(), before);
    });
  }
});

async function someSystem({ uid = 0, isBooted = true } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'banger-system-'));
  const [root, source] = [join(dir, 'root'), join(dir, 'source')];
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
  await mkdir(join(root, 'usr/local/lib'), { recursive: true });
  for (const path of [
    'bin/banger',
    'bin/bangerd',
    'dist/bangerd.js',
    'dist/banger-agent',
    'node',
  ]) {
    await mkdir(join(source, path, '..'), { recursive: true });
    await writeFile(join(source, path), path, { mode: 0o755 });
  }
  const systemd = createFakeSystemd();
  const bridge = createFakeBridgeHost(bridgeSettings);
  const resolver = createFakeResolverHost(bridgeSettings.owner);
  const jails = createFakeJailHost(createFakeJails(), ({ killed }) =>
    once(killed, 'abort').then(() => 0),
  );
  const running: string[] = [];
  const ran: (readonly string[])[] = [];
  const host: SystemHost = {
    uid,
    places: systemPlaces(root),
    systemd: {
      ...systemd,
      control: (...args) => systemd.control(...args),
      isRunning: () => Promise.resolve(isBooted),
    },
    clock: createFakeClock(),
    findOwner: (name) => Promise.resolve({ name, uid: 1000, gid: 1000, home: '/home/ana' }),
    asOwner: () => (command) => {
      ran.push(command);
      const stdout = command.includes('list')
        ? JSON.stringify(running.map((name) => ({ name })))
        : '';
      return Promise.resolve({ exitCode: 0, signal: null, stdout, stderr: '' });
    },
    bridge: () => bridge,
    resolver: () => resolver,
    jails: () => jails,
  };
  return {
    ...{ host, systemd, bridge, resolver, jails, running, ran, source },
    install: () =>
      installSystem(
        {
          ...{ host, owner: 'ana', onText },
          source: {
            root: source,
            node: join(source, 'node'),
            build: { version: '1', id: 'a-build', time: 1 },
          },
        },
        signal,
      ),
    async files() {
      const found: string[] = [];
      for await (const entry of glob('**', { cwd: root, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        found.push(`${path} ${entry.isFile() ? await readFile(path, 'utf8') : ''}`);
      }
      return found.sort();
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}
