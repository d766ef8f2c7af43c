import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { buildMachinesContract } from '../../../../../test/contract/build-machines.ts';
import type { GuestBoot } from '../../guest/guest.ts';
import type { BuildStep } from '../../image/build/build-machine.ts';
import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

const { signal: never } = new AbortController();

buildMachinesContract('build machines of VMs', () => {
  const world = createFakeWorld();
  const { machines } = world.daemon({ templates: true });
  return Promise.resolve({
    machines: machines.builds,
    baseDisk: '/base.ext4',
    assertClean: () => assert.deepEqual(world.left(), []),
    [Symbol.asyncDispose]: () => machines.close(),
  });
});

const steps = [
  ...['make-directory', 'make-disks', 'make-run-directory', 'launch-vmm', 'resume-vcpus'],
  ...['greet-guest', 'boot-guest', 'await-ready'],
];
const boundaries = steps.flatMap((step) => [`${step}:started`, `${step}:done`]);

suite('the machine of a build step', () => {
  test('begins from the template of an agent that waits, which VMs of its size share', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon({ templates: true });
    const warnings: string[] = [];
    const progress = { stage: () => undefined, warn: (text: string) => void warnings.push(text) };

    await machines.builds.run({ ...aStep(), progress }, drain, never);
    const first = (await machines.templates.list()).map(({ depth }) => depth);
    const vm = await machines.create(aRequest(), anOperation());
    const then = (await machines.templates.list()).map(({ depth }) => depth).toSorted();

    assert.deepEqual([first, then, warnings], [['t0'], ['t0', 't1'], []]);
    assert.equal(vm.record.startedFrom?.kind, 't1');
  });

  test('is told nothing of the user, nor of other machines', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    let told: GuestBoot | undefined;
    const onOutput = () => {
      told = [...world.guests.values()][0]?.boot;
    };

    await machines.builds.run({ ...aStep('echo hello'), onOutput }, drain, never);

    const { identity, ...root } = told ?? assert.fail('no output came');
    assert.deepEqual(root, {
      init: 'build',
      imageEnv: [],
      drives: { base: 'banger-base', overlay: 'banger-overlay', work: '', modules: '', delta: '' },
    });
    const { hostname, machineId, sshHostKeys, authorizedKeys, git } = identity;
    assert.deepEqual(
      { hostname, machineId, sshHostKeys, authorizedKeys, git },
      { hostname: 'build', machineId: '', sshHostKeys: [], authorizedKeys: [], git: undefined },
    );
  });

  test('is never shown, and has the delta in the place of the work disk', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const step = { ...aStep('echo hello'), deltaDisk: '/delta.ext4' };
    let seen;
    const onOutput = () => {
      const [guest] = world.guests.values();
      seen = [machines.all(), machines.runningCount(), guest?.boot?.drives.delta];
    };

    await machines.builds.run({ ...step, onOutput }, drain, never);

    assert.deepEqual(seen, [[], 0, 'banger-work']);
    assert.deepEqual(
      world.events.map(({ type }) => type),
      [],
    );
  });

  test('is told its drives by their places where they have no serial numbers', async () => {
    const world = createFakeWorld({ driveSerials: false });
    const { machines } = world.daemon();
    const step = { ...aStep('echo hello'), deltaDisk: '/delta.ext4' };
    let drives: GuestBoot['drives'] | undefined;
    const onOutput = () => {
      drives = [...world.guests.values()][0]?.boot?.drives;
    };

    await machines.builds.run({ ...step, onOutput }, drain, never);

    const places = { base: 'order:0', overlay: 'order:1', delta: 'order:2' };
    assert.deepEqual(drives, { ...places, work: '', modules: '' });
  });

  for (const failAt of boundaries) {
    test(`leaves the host clean and no record when it fails at ${failAt}`, async () => {
      const world = createFakeWorld();
      const { machines, records } = world.daemon({ failAt, purpose: 'build' });

      await assert.rejects(machines.builds.run(aStep(), drain, never), {
        code: 'vm.start_failed',
        message: new RegExp(`injected at ${failAt}`),
        hint: 'banger daemon logs',
      });

      assert.deepEqual([world.left(), records.all()], [[], []]);
    });

    test(`is removed by the next daemon when its own dies at ${failAt}`, async () => {
      const world = createFakeWorld();
      const dying = world.daemon({ crashAt: failAt, purpose: 'build' });
      dying.machines.builds.run(aStep(), drain, never).catch(() => undefined);
      await settled();

      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);

      assert.deepEqual([world.left(), next.records.all()], [[], []]);
    });
  }

  test('is removed by the next daemon when its own dies in the middle of the command', async () => {
    const world = createFakeWorld();
    const dying = world.daemon();
    const onOutput = () => {
      dying.die();
      return new Promise<never>(() => undefined);
    };
    const step = { ...aStep(), argv: ['yes'], onOutput };
    dying.machines.builds.run(step, drain, never).catch(() => undefined);
    await settled();

    const next = world.daemon();
    assert.deepEqual(await next.machines.open(), []);

    assert.deepEqual([world.left(), next.records.all()], [[], []]);
  });

  test('ends with its daemon', async () => {
    const world = createFakeWorld();
    const { machines, records } = world.daemon();
    let closing: Promise<void> | undefined;
    const onOutput = () => {
      closing ??= machines.close();
      return turn();
    };

    const running = machines.builds.run({ ...aStep(), argv: ['yes'], onOutput }, drain, never);

    await assert.rejects(running, { code: 'daemon.stopping' });
    await closing;
    assert.deepEqual([world.left(), records.all()], [[], []]);
  });

  test('that ends before its command is told as that', async () => {
    const world = createFakeWorld();
    const { machines, records } = world.daemon();
    const onOutput = () => {
      for (const monitor of world.host.monitors.values()) monitor.end({ kind: 'guest-reset' });
      return turn();
    };

    const running = machines.builds.run({ ...aStep(), argv: ['yes'], onOutput }, drain, never);

    await assert.rejects(running, {
      code: 'vm.ended',
      message: 'The machine of the build step ended before the step did',
    });
    assert.deepEqual([world.left(), records.all()], [[], []]);
  });
});

function aStep(script = 'touch /tmp/a'): BuildStep {
  const argv = ['sh', '-c', script];
  const where = { env: {}, user: '', workingDir: '/', onOutput: () => undefined };
  return { baseDisk: '/base.ext4', deltaDisk: undefined, argv, ...where };
}

async function drain(tar: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of tar) assert.ok(piece.length > 0);
}

/** Everything in the world is promises and immediates: a few turns of the loop settle it. */
async function settled(): Promise<void> {
  for (let count = 0; count < 300; count += 1) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
