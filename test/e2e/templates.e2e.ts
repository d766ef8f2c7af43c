import assert from 'node:assert/strict';
import { chmod, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Template } from '@banger/protocol/template';

import { assertFails, killDaemon, untilClean, writeConfig } from '../support/faults.ts';
import { resealTemplate } from '../support/reseal-template.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { bootIdOf, guestSays, showVm, SLIM } from '../support/vms.ts';

/** Templates as their user meets them: made by the first start of a shape, used by every other, only a cache. */

sandboxTest('templates are made once', { templates: 'own' }, async (home, _, part) => {
  await part(
    'two first starts at once make one of each depth, and both VMs are forks',
    async () => {
      await Promise.all([create(home, 'a'), create(home, 'b')]);

      const all = await templates(home);
      assert.deepEqual(all.map(({ depth }) => depth).sort(), ['t0', 't1']);
      const t1 = all.find(({ depth }) => depth === 't1');
      assert.deepEqual([...(t1?.usedBy ?? [])].sort(), ['a', 'b']);
      for (const name of ['a', 'b']) {
        const { startedFrom, hygiene } = await showVm(home, name);
        assert.deepEqual(startedFrom, { kind: 't1', template: t1?.id });
        assert.ok(hygiene.length >= 8 && hygiene.every(({ ok }) => ok), JSON.stringify(hygiene));
      }
      assert.equal(await guestSays(home, 'a', ['hostname']), 'a');
      assert.equal(await guestSays(home, 'b', ['hostname']), 'b');
    },
  );

  await part("the machine that became the template is nobody's and is gone", async () => {
    const { stdout } = await home.ok(['vm', 'list', '--all']);
    assert.doesNotMatch(stdout, /template/);
  });

  await part('the waterfall of a fork has its parts, in order', async () => {
    const { timings } = await showVm(home, 'a');
    const names = timings.map(({ name }) => name);
    const parts = [
      'queue',
      'plan',
      'disks',
      'spawn',
      'load',
      'handshake',
      'identity',
      'first-exec',
    ];
    assert.deepEqual(names.filter((name) => parts.includes(name)).slice(0, parts.length), parts);
    assert.ok(timings.every(({ ms, atMs = -1 }) => ms >= 0 && atMs >= 0));
    const { stderr } = await home.ok(['run', '--rm', '--timings', ...SLIM, '--', 'true']);
    assert.match(stderr, /handshake/);
    assert.match(stderr, /first-exec/);
  });

  await part('one that running VMs were forked from is kept, with the names', async () => {
    const t1 = (await templates(home)).find(({ depth }) => depth === 't1');
    const { stderr } = await assertFails(
      home,
      ['template', 'delete', t1?.id ?? ''],
      /in use|fork of it/,
    );
    assert.match(stderr, /\ba\b.*\bb\b|\bb\b.*\ba\b/);
    await home.ok(['template', 'prune', '-f']);
    assert.deepEqual(
      (await templates(home)).map(({ id }) => id),
      [t1?.id],
    );
  });

  await part('a larger disk is a fork that has grown', async () => {
    const flags = ['--image', 'debian-bookworm-slim', '--memory', '256M', '--disk-size', '12G'];
    await home.ok(['vm', 'create', '--name', 'small', ...flags.slice(0, -2), '--disk-size', '8G']);
    await home.ok(['vm', 'create', '--name', 'large', ...flags]);
    const [small, large] = await Promise.all([showVm(home, 'small'), showVm(home, 'large')]);
    assert.equal(large.startedFrom?.template, small.startedFrom?.template);
    const size = await guestSays(home, 'large', ['df', '-m', '--output=size', '/root']);
    assert.ok(Number(size.split('\n')[1]) > 11_000, size);
    await home.ok(['vm', 'delete', 'small', 'large']);
  });

  await part('a stopped VM starts from an agent that waits, and has a new boot', async () => {
    const before = await bootIdOf(home, 'a');
    await guestSays(home, 'a', ['sh', '-c', 'echo kept > /root/f; echo kept > /etc/f']);
    await home.ok(['vm', 'restart', 'a']);
    assert.equal((await showVm(home, 'a')).startedFrom?.kind, 't0');
    assert.notEqual(await bootIdOf(home, 'a'), before);
    assert.equal(await guestSays(home, 'a', ['cat', '/root/f', '/etc/f']), 'kept\nkept');
    const first = await bootIdOf(home, 'a');
    await home.ok(['vm', 'restart', 'a']);
    assert.notEqual(await bootIdOf(home, 'a'), first);
  });

  await part('set picks another template, or makes it', async () => {
    await home.ok(['vm', 'stop', 'a']);
    await home.ok(['vm', 'set', 'a', '--memory', '320M', '--vcpu', '2', '--disk-size', '2G']);
    await home.ok(['vm', 'start', 'a']);
    const { startedFrom } = await showVm(home, 'a');
    const used = (await templates(home)).find(({ id }) => id === startedFrom?.template);
    assert.deepEqual([used?.depth, used?.memoryMib, used?.vcpu], ['t0', 320, 2]);
    assert.equal(await guestSays(home, 'a', ['nproc']), '2');
    assert.equal(await guestSays(home, 'a', ['cat', '/root/f']), 'kept');
  });

  await part('--no-template boots cold, now and later', async () => {
    await home.ok(['vm', 'create', '--name', 'cold', '--no-template', ...SLIM]);
    assert.equal((await showVm(home, 'cold')).startedFrom?.kind, 'power-on');
    await home.ok(['vm', 'restart', 'cold']);
    assert.equal((await showVm(home, 'cold')).startedFrom?.kind, 'power-on');
  });

  await part('with an image go its templates', async () => {
    await home.ok(['vm', 'delete', 'a', 'b', 'cold']);
    await home.ok(['image', 'delete', 'debian-bookworm-slim']);
    assert.deepEqual(
      (await templates(home)).filter(({ depth }) => depth === 't1'),
      [],
    );
    await home.assertHostIsClean();
  });
});

sandboxTest(
  'a template that is of no use is made anew',
  { templates: 'own' },
  async (home, _, part) => {
    await run(home);
    const damages: readonly (readonly [string, RegExp, (dir: string) => Promise<void>])[] = [
      [
        'its memory truncated',
        /memory/,
        (dir) => change(dir, 'memory', (file) => truncate(file, 4096)),
      ],
      [
        'a bit of its memory flipped',
        /memory/,
        (dir) => change(dir, 'memory', (file) => flip(file, 50_000_000)),
      ],
      [
        'a bit of its devices flipped',
        /state/,
        (dir) => change(dir, 'state', (file) => flip(file, 5000)),
      ],
      [
        'a bit of a disk flipped',
        /overlay/,
        (dir) => change(dir, 'overlay.ext4', (file) => flip(file, 2048)),
      ],
      ['its devices gone', /state/, (dir) => rm(join(dir, 'state'))],
      [
        'its manifest not JSON',
        /manifest/,
        (dir) => change(dir, 'manifest.json', (file) => writeFile(file, '{')),
      ],
    ];
    for (const [what, why, damage] of damages) {
      await part(what, async () => {
        const before = await t1Dir(home);
        await damage(before);
        const { stderr } = await run(home);
        assert.match(stderr, /^warning: .*[Tt]emplate tpl_\S+ is made anew/m);
        assert.match(stderr, why);
        const { stderr: next } = await run(home);
        assert.doesNotMatch(next, /warning/);
        await untilClean(home);
      });
    }

    await part('a state that only the monitor can tell is bad', async () => {
      // Everything agrees with the manifest, which was made for it; and it is no state.
      const dir = await t1Dir(home);
      await change(dir, 'state', async (file) => {
        const { length } = await readFile(file);
        await writeFile(file, Buffer.alloc(length, 0x5a));
      });
      await resealTemplate(dir);
      await killDaemon(home);
      const { stderr } = await run(home);
      assert.match(stderr, /warning: .*tpl_\S+ is (?:of no use|made anew)/);
      await untilClean(home);
    });

    await part('deleted under a daemon that knows it', async () => {
      await rm(await t1Dir(home), { recursive: true });
      await run(home);
    });

    await part('of another boot of the host: it is read once more, and used', async () => {
      const dir = await t1Dir(home);
      await anotherBoot(dir);
      await killDaemon(home);
      const { stderr } = await run(home);
      assert.doesNotMatch(stderr, /warning/);
      assert.equal(await t1Dir(home), dir);
    });

    await part('of another boot of the host, and damaged by it', async () => {
      const dir = await t1Dir(home);
      await anotherBoot(dir);
      await change(dir, 'memory', (file) => flip(file, 80_000_000));
      const { stderr } = await run(home);
      assert.match(stderr, /warning: .*is made anew/);
    });
  },
);

sandboxTest(
  'templates switched off, and a limit on their size',
  { templates: 'own' },
  async (home, _, part) => {
    await part('a limit keeps the newest and nothing else', async () => {
      await writeConfig(home, '[templates]\nmax_bytes = "1M"\n');
      await run(home);
      const all = await templates(home);
      assert.ok(all.length <= 1, JSON.stringify(all));
    });
    await part('switched off nothing is made and everything boots cold', async () => {
      await home.ok(['template', 'prune', '-f']);
      await home.ok(['daemon', 'stop']);
      Object.assign(home.env, { BANGER_TEMPLATES_ENABLED: 'false' });
      await home.ok(['vm', 'create', '--name', 'cold', ...SLIM]);
      assert.equal((await showVm(home, 'cold')).startedFrom?.kind, 'power-on');
      assert.deepEqual(await templates(home), []);
    });
  },
);

function create(home: SandboxHome, name: string) {
  return home.ok(['vm', 'create', '--name', name, ...SLIM]);
}

function run(home: SandboxHome) {
  return home.ok(['run', '--rm', ...SLIM, '--', 'true']);
}

async function templates(home: SandboxHome): Promise<readonly Template[]> {
  const { stdout } = await home.ok(['template', 'list', '--json']);
  return Template.array().parse(JSON.parse(stdout));
}

async function t1Dir(home: SandboxHome): Promise<string> {
  const t1 = (await templates(home)).find(({ depth }) => depth === 't1');
  assert.ok(t1, 'there is a template of the image');
  return join(home.stateDir, 'templates', t1.id);
}

/** Template files are read-only. */
async function change(dir: string, name: string, work: (file: string) => Promise<void>) {
  const file = join(dir, name);
  await chmod(file, 0o600);
  await work(file);
  await chmod(file, 0o400);
}

async function flip(file: string, offset: number): Promise<void> {
  await using handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await handle.write(byte, 0, 1, offset);
}

/** What is remembered of the last check was made in another boot. */
async function anotherBoot(dir: string): Promise<void> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  for (const name of await readdir(dir)) {
    const file = join(dir, name);
    if (!/manifest|verified|seal/.test(name)) continue;
    const text = await readFile(file, 'utf8');
    await chmod(file, 0o600);
    await writeFile(file, text.replaceAll(bootId, '00000000-0000-4000-8000-000000000000'));
  }
}
