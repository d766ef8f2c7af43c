import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

const steps = [
  'make-directory',
  'make-host-key',
  'make-disks',
  'make-run-directory',
  'attach-network',
  'launch-vmm',
  'await-network',
  'resume-vcpus',
  'greet-guest',
  'identify-guest',
];
const onBridge = { network: 'bridge' } as const;
const boundaries = steps.flatMap((step) => [`${step}:started`, `${step}:done`]);

/** A world with a template, and no VM. */
async function withTemplate() {
  const world = createFakeWorld();
  const { machines, die } = world.daemon({ templates: true });
  await machines.delete(await machines.create(aRequest(onBridge), anOperation()), anOperation());
  die();
  return world;
}

suite('a VM that is forked from a template', () => {
  for (const failAt of boundaries) {
    test(`is made all the same when it fails once at ${failAt}`, async () => {
      const world = await withTemplate();
      const { machines } = world.daemon({ templates: true, failAt, times: 1 });
      const operation = anOperation();

      const vm = await machines.create(aRequest(onBridge), operation);

      assert.equal(vm.record.startedFrom?.kind, 't1');
      assert.match(operation.warnings.join(), /is of no use, so it is made anew: .*injected/);
      assert.equal(world.host.monitors.size, 1);
      await machines.delete(vm, anOperation());
      assert.deepEqual(world.left(), []);
    });

    test(`is undone by the next daemon when its own dies at ${failAt}`, async () => {
      const world = await withTemplate();
      const dying = world.daemon({ templates: true, crashAt: failAt });
      dying.machines.create(aRequest(onBridge), anOperation()).catch(() => undefined);
      await settled();

      const next = world.daemon({ templates: true });
      assert.deepEqual(await next.machines.open(), []);

      assert.deepEqual(world.left(), []);
      assert.deepEqual(next.records.all(), []);
      const vm = await next.machines.create(aRequest(onBridge), anOperation());
      assert.equal(vm.record.startedFrom?.kind, 't1');
    });
  }
});

suite('forks of a running VM', () => {
  for (const crashAt of boundaries) {
    test(`are undone, and their source runs on, when the daemon dies at ${crashAt}`, async () => {
      const world = createFakeWorld();
      const first = world.daemon();
      await first.machines.create(aRequest(onBridge), anOperation());
      first.die();
      const dying = world.daemon({ crashAt });
      await dying.machines.open();
      const source = dying.machines.find('web');
      const request = { name: 'kid', count: 3 };
      dying.machines.saved.fork(source, request, anOperation()).catch(() => undefined);
      await settled();

      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);

      assert.deepEqual(
        next.machines.all().map(({ record }) => [record.name, record.state.name]),
        [['web', 'running']],
      );
      assert.equal(
        [...world.host.monitors.values()].every(({ isPaused }) => !isPaused),
        true,
      );
      assert.equal(world.host.monitors.size, 1);
    });
  }
});

/** Everything in the world is promises and immediates: a few turns of the loop settle it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
