import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { suite, test } from 'node:test';

import { aJail, type JailScene } from '../../../../test/contract/jail-host-scene.ts';
import { jailHostContract } from '../../../../test/contract/jail-host.ts';
import { createSystemClock } from '../host/system-clock.ts';
import type { RootJailHost } from '../vmm/firecracker/jail/create-jail-host.ts';
import {
  createJailScene,
  jailPrograms,
  type RootJailScene,
} from '../vmm/firecracker/jail/jail-scene.fixture.ts';
import { createFakeJailHost, createFakeJails } from '../vmm/firecracker/jail/fake-jail-host.ts';
import { someSettings } from './fixtures.ts';
import { createHelperConnection, createHelperConnectionOver } from './helper-connection.ts';
import { createHelperJailHost } from './helper-jail-host.ts';
import { jailRequests } from './jail-requests.ts';
import { lockJails } from './lock-jails.ts';
import { serveRequests } from './serve-requests.ts';

const { signal } = new AbortController();
const clock = createSystemClock();
const owner = { uid: 0, gid: 0 };
const { id } = aJail(1);
/** Whose jails' users are those of the contract */
const STATE_DIR = '/state/8689';
const limits = { memoryMib: 64, vcpus: 1 };

for (const programs of jailPrograms(process.env)) {
  jailHostContract({
    name: `helper, before jails ${programs.name},`,
    async start() {
      const scene = await createJailScene(programs, { owner, isHelped: true });
      return { ...scene, caller: () => helpedBy(scene).host };
    },
  });

  suite(`the helper, before jails ${programs.name},`, () => {
    test('says how what it has started ended, and of what another has, that it ended', async () => {
      await using scene = await createJailScene(programs, { owner, isHelped: true });
      const [one, other] = [helpedBy(scene), helpedBy(scene)];
      const child = await started(one.host, scene);
      const adopted = await other.host.adopt(id, child.identity);

      child.kill('SIGTERM');

      assert.deepEqual(await child.exited, { exitCode: null, signal: 'SIGTERM' });
      assert.deepEqual(await adopted?.exited, { exitCode: null, signal: null });
    });

    test('dies, and what it has started runs on and is the next one’s to end', async () => {
      await using scene = await createJailScene(programs, { owner, isHelped: true });
      const helped = helpedBy(scene);
      const child = await started(helped.host, scene);

      await helped.kill();
      const found = await helped.host.find(id);
      const wasGone = child.gone.aborted;
      await child[Symbol.asyncDispose]();

      assert.deepEqual(found, [child.identity]);
      assert.deepEqual([wasGone, child.gone.aborted], [false, true]);
      assert.equal(helped.born, 2);
    });

    test('is given up while it starts something: that is ended', async () => {
      await using scene = await createJailScene(programs, { owner, isHelped: true });
      const { host } = helpedBy(scene);
      await host.place(aJail(1), [], signal);
      const caller = new AbortController();

      const starting = host.spawn(orderIn(scene), caller.signal);
      caller.abort(new Error('enough'));

      await assert.rejects(starting, /enough/);
      assert.deepEqual(await host.find(id), []);
    });

    test('does nothing with files that are not in the owner’s directory, or not the owner’s', async () => {
      await using scene = await createJailScene(programs, {
        owner: { uid: 65_534, gid: 65_534 },
        isHelped: true,
      });
      const { host } = helpedBy(scene);
      const link = await scene.link('linked', '/etc');
      for (const hostPath of ['/etc/hostname', `${link}/hostname`, scene.path('bin')])
        await assert.rejects(
          host.place(aJail(1), [{ name: 'base', hostPath, access: 'read' }], signal),
          { code: 'host.jail_unusable' },
          hostPath,
        );
      await host.place(aJail(1), [], signal);

      const inPasswd = host.spawn({ ...orderIn(scene), logFile: '/etc/hostname' }, signal);
      await assert.rejects(inPasswd, { code: 'host.jail_unusable' });
      assert.deepEqual(await host.find(id), []);
    });

    test('ends no process that is not in the jail', async () => {
      await using scene = await createJailScene(programs, { owner, isHelped: true });
      const { host, connection } = helpedBy(scene);
      await using child = await started(host, scene);
      await host.place(aJail(2), [], signal);
      const { startTicks, bootId } = child.identity;
      const ours = { pid: process.pid, startTicks, bootId };

      for (const [jail, process] of [
        [aJail(2).id, child.identity],
        [id, ours],
        [id, { ...child.identity, startTicks: 1 }],
        ['vm-never', child.identity],
      ] as const) {
        await connection.call({ method: 'jail.end', jail, process }, signal);
        await connection.call({ method: 'jail.signal', jail, process, signal: 'SIGKILL' }, signal);
      }

      assert.equal((await host.find(id)).length, 1);
    });
  });
}

test('without a helper the problem says so, nothing is there, and requests are refused by name', async () => {
  const connection = createHelperConnection('/nonexistent/jail.sock');
  const host = createHelperJailHost({ ...parts(connection), socket: '/nonexistent/jail.sock' });

  const [problem] = await host.problems(signal);

  assert.deepEqual(problem, {
    what: 'only root can jail VMs, or the helper',
    hint: 'sudo banger system install',
  });
  assert.deepEqual(await host.list(signal), []);
  await assert.rejects(host.remove(id, signal), { code: 'helper.unavailable' });
});

test('a helper that is set up for another Firecracker is told of', async () => {
  const { connection } = over(() => withGiveOut(createFakeJailHost(createFakeJails(), () => 0)));
  const host = createHelperJailHost({ ...parts(connection), firecracker: '/opt/firecracker' });

  const [problem] = await host.problems(signal);

  assert.match(
    problem?.what ?? '',
    /set up for "firecracker" .* configured is "\/opt\/firecracker"/,
  );
});

test('a helper that dies in a start leaves nothing running', async () => {
  const jails = createFakeJails();
  const fake = withGiveOut(
    createFakeJailHost(jails, ({ killed }) => once(killed, 'abort').then(() => 0)),
  );
  const dying: RootJailHost = {
    ...fake,
    async spawn(order, until) {
      await fake.spawn(order, until);
      return new Promise<never>(() => void helped.kill());
    },
  };
  const helped = over((born) => (born === 1 ? dying : fake));
  const host = createHelperJailHost(parts(helped.connection));
  await using dir = await someDir();
  await host.place(aJail(1), [], signal);

  const starting = host.spawn({ id, args: [], logFile: join(dir.path, 'log'), limits }, signal);

  await assert.rejects(starting, { code: 'helper.unavailable' });
  assert.equal(jails.jails.get(id)?.process?.gone.aborted, true);
});

test('while one helper changes jails another waits, until it is through or gives up', async () => {
  await using dir = await someDir();
  const file = join(dir.path, 'lock');
  const held = await lockJails(file, clock, signal);

  const second = lockJails(file, clock, signal);
  const third = lockJails(file, clock, AbortSignal.timeout(50));

  await assert.rejects(third, { name: 'TimeoutError' });
  held[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});

function orderIn({ args, logFile }: JailScene) {
  return { id, args: [...args], logFile, limits };
}

async function started(host: ReturnType<typeof createHelperJailHost>, scene: JailScene) {
  await host.place(aJail(1), [], signal);
  const child = await host.spawn(orderIn(scene), signal);
  await scene.isUp(id);
  return child;
}

function parts(connection: ReturnType<typeof createHelperConnectionOver>) {
  const programs = { jailer: 'jailer', firecracker: 'firecracker' };
  return { connection, owner, clock, base: '/jails', banger: '/state', ...programs };
}

function withGiveOut(fake: ReturnType<typeof createFakeJailHost>): RootJailHost {
  return { ...fake, giveOut: () => Promise.resolve() };
}

function helpedBy(scene: RootJailScene) {
  const helped = over(() => scene.caller(), scene.path('.'));
  const { base } = scene;
  const host = createHelperJailHost({ ...parts(helped.connection), base, banger: scene.path('.') });
  return {
    ...{ host, connection: helped.connection, kill: helped.kill },
    get born() {
      return helped.born;
    },
  };
}

/** A helper for each connection; the one that is there can be killed. */
function over(hostOf: (born: number) => RootJailHost, lockDir?: string) {
  let born = 0;
  let kill: () => Promise<unknown> = () => Promise.resolve();
  const connection = createHelperConnectionOver(() => {
    born += 1;
    const [near, far] = duplexPair();
    kill = () => {
      const closed = once(near, 'close');
      far.destroy();
      near.destroy();
      return closed;
    };
    const unlocked = () => Promise.resolve({ [Symbol.dispose]: () => undefined });
    const locked = (until: AbortSignal) => lockJails(join(lockDir ?? '', 'lock'), clock, until);
    void serveRequests(far, {
      requests: jailRequests(someSettings({ stateDir: STATE_DIR }), {
        version: '0.1.0',
        host: hostOf(born),
        lock: lockDir === undefined ? unlocked : locked,
      }),
      clock,
      log: () => undefined,
    });
    return Promise.resolve(near);
  });
  return {
    connection,
    kill: () => kill(),
    get born() {
      return born;
    },
  };
}

async function someDir() {
  const path = await mkdtemp(join(tmpdir(), 'banger-jail-helper-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
