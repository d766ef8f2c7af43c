import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from './fake-world.ts';
import { limitsOf } from './choose-limits.ts';

const host = { cpus: 4, memoryMib: 8192, diskMib: 100_000 };

function limitsIn({ host: { monitors } }: ReturnType<typeof createFakeWorld>) {
  return [...monitors.values()].map(({ limits }) => limits);
}

suite('a VM with limits', () => {
  test('is held to them from its start, and from its next one', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest({ diskMibPerSecond: 5 }), anOperation());
    const limits = limitsOf(vm.record.spec);

    assert.equal(limits.diskMibPerSecond, 5);
    assert.deepEqual(limitsIn(world), [limits]);
    await vm.stop(anOperation());
    await vm.start(anOperation());
    assert.deepEqual(limitsIn(world), [limits]);
  });

  test('gets others while it runs, or none', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest({ diskMibPerSecond: 5 }), anOperation());

    await vm.change({ diskOpsPerSecond: 70, diskMibPerSecond: null }, host, anOperation());

    const now = { diskMibPerSecond: null, diskOpsPerSecond: 70, networkMibPerSecond: null };
    assert.deepEqual(limitsIn(world), [now]);
    assert.deepEqual(limitsOf(vm.record.spec), now);
    assert.deepEqual(limitsOf(vm.record.plan?.spec ?? vm.record.spec), now);
    await assert.rejects(vm.change({ diskOpsPerSecond: 9, vcpu: 2 }, host, anOperation()), {
      code: 'vm.wrong_state',
      message: /^Cannot change VM/,
    });
    assert.deepEqual(limitsIn(world), [now]);
  });

  test('keeps those it had when the monitor cannot change them', async () => {
    const world = createFakeWorld();
    const { machines, running } = world.daemon();
    const vm = await machines.create(aRequest({ diskMibPerSecond: 5 }), anOperation());
    const gone = new AbortController();
    gone.abort(new Error('no'));

    const changed = vm.change({ diskMibPerSecond: 6 }, host, {
      ...anOperation(),
      signal: gone.signal,
    });

    await assert.rejects(changed, /no/);
    assert.equal(vm.record.spec.diskMibPerSecond, 5);
    assert.ok(running.get(vm.id));
  });
});

suite('limits of what is made ahead', () => {
  test('are none, until it becomes the VM of somebody who asks for some', async () => {
    const world = createFakeWorld();
    const { machines, records } = world.daemon({ templates: true, standbys: 1 });
    await machines.create(aRequest({ diskMibPerSecond: 5 }), anOperation());
    const standby = () =>
      records.all().find(({ purpose, state }) => purpose === 'standby' && state.name === 'paused');
    while (standby() === undefined) {
      await world.clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(standby()?.spec.diskMibPerSecond, null);

    const vm = await machines.create(
      aRequest({ name: 'next', diskOpsPerSecond: 9 }),
      anOperation(),
    );

    assert.equal(vm.record.startedFrom?.kind, 'standby');
    assert.ok(limitsIn(world).some(({ diskOpsPerSecond }) => diskOpsPerSecond === 9));
  });
});
