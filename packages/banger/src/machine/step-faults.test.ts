import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from './fake-world.ts';

const createSteps = ['make-directory', 'make-disks'];
const startSteps = [
  ...['make-run-directory', 'attach-network', 'launch-vmm', 'greet-guest'],
  ...['boot-guest', 'sync-files', 'await-ready'],
];
/** The network with the most to undo */
const onBridge = { network: 'bridge' } as const;
const phases = ['started', 'done'];
const boundaries = (steps: readonly string[]) =>
  steps.flatMap((step) => phases.map((phase) => `${step}:${phase}`));

suite('a VM that is being created', () => {
  for (const failAt of boundaries([...createSteps, ...startSteps])) {
    test(`leaves the host clean and no record when it fails at ${failAt}`, async () => {
      const world = createFakeWorld();
      const { machines, records } = world.daemon({ failAt });

      await assert.rejects(machines.create(aRequest(onBridge), anOperation()), {
        code: 'vm.start_failed',
        message: `Cannot start VM "web": injected at ${failAt}`,
      });

      assert.deepEqual(world.left(), []);
      assert.deepEqual(records.all(), []);
      assert.deepEqual(machines.all(), []);
    });

    test(`is undone by the next daemon when its own dies at ${failAt}`, async () => {
      const world = createFakeWorld();
      world
        .daemon({ crashAt: failAt })
        .machines.create(aRequest(onBridge), anOperation())
        .catch(ofTheDead);
      await settled();

      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);

      assert.deepEqual(world.left(), []);
      assert.deepEqual(next.records.all(), []);
    });

    test(`is undone when the caller leaves at ${failAt}`, async () => {
      const world = createFakeWorld();
      const caller = new AbortController();
      const leaving = new Error('the caller left');
      const { machines, records } = world.daemon();
      const operation = anOperation({ signal: caller.signal });
      const leave = {
        ...operation.progress,
        stage: (stage: { readonly name: string; readonly ms?: number | undefined }) => {
          const phase = stage.ms === undefined ? 'started' : 'done';
          if (`${stage.name}:${phase}` === failAt) caller.abort(leaving);
        },
      };

      const creating = machines.create(aRequest(onBridge), { ...operation, progress: leave });

      if (failAt === 'await-ready:done') await creating.catch(() => undefined);
      else await assert.rejects(creating, leaving);
      if (failAt !== 'await-ready:done') assert.deepEqual([world.left(), records.all()], [[], []]);
    });
  }
});

suite('a VM that starts again', () => {
  for (const failAt of boundaries(startSteps)) {
    test(`keeps its disks and can start after a failure at ${failAt}`, async () => {
      const world = createFakeWorld();
      await createStopped(world);
      const { machines } = world.daemon({ failAt });
      await machines.open();

      await assert.rejects(machines.find('web').start(anOperation()), { code: 'vm.start_failed' });

      assert.equal(machines.find('web').record.state.name, 'stopped');
      assert.equal(world.host.monitors.size, 0);
      assert.equal(world.bridgeHost.host.links.size, 0);
      assert.equal(world.disks.disks.size, 2);
      await startsWell(world);
    });

    test(`keeps its disks and can start after its daemon died at ${failAt}`, async () => {
      const world = createFakeWorld();
      await createStopped(world);
      const dying = world.daemon({ crashAt: failAt });
      await dying.machines.open();
      dying.machines.find('web').start(anOperation()).catch(ofTheDead);
      await settled();

      await startsWell(world);
    });
  }
});

suite('a VM that stops', () => {
  for (const step of startSteps) {
    for (const phase of ['undoing', 'undone']) {
      test(`is stopped by the next daemon when its own dies at ${step}:${phase}`, async () => {
        const world = createFakeWorld();
        const first = world.daemon({ crashAt: `${step}:${phase}` });
        await first.machines.create(aRequest(onBridge), anOperation());
        first.machines.find('web').stop(anOperation()).catch(ofTheDead);
        await settled();

        const next = world.daemon();
        assert.deepEqual(await next.machines.open(), []);

        assert.equal(next.machines.find('web').record.state.name, 'stopped');
        assert.equal(world.host.monitors.size, 0);
        assert.equal(world.bridgeHost.host.links.size, 0);
        await startsWell(world);
      });
    }
  }

  test('may be stopped and deleted twice', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(onBridge), anOperation());

    await vm.stop(anOperation());
    await vm.stop(anOperation());
    await machines.delete(vm, anOperation());
    await machines.delete(vm, anOperation());

    assert.deepEqual(world.left(), []);
  });
});

type World = ReturnType<typeof createFakeWorld>;

async function createStopped(world: World): Promise<void> {
  await world.daemon().machines.create(aRequest({ ...onBridge, start: false }), anOperation());
}

async function startsWell(world: World): Promise<void> {
  const { machines } = world.daemon();
  await machines.open();
  await machines.find('web').start(anOperation());
  assert.equal(machines.find('web').record.state.name, 'running');
  await machines.delete(machines.find('web'), anOperation());
  assert.deepEqual(world.left(), []);
}

/** Everything in the world is promises and immediates: a few turns of the loop settle it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a dead daemon's promise says reaches nobody. */
const ofTheDead = (): undefined => undefined;
