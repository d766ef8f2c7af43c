import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

const WARM = { templates: true, standbys: 1 };

/** A world in which a VM was started, and its standby made. */
async function withStandby() {
  const world = createFakeWorld();
  const daemon = world.daemon(WARM);
  const first = await daemon.machines.create(aRequest(), anOperation());
  await prepared(world);
  return { world, ...daemon, first };
}

suite('standbys', () => {
  test('wait, stopped, seen by nobody', async () => {
    const { world, machines, records } = await withStandby();

    const hidden = records.all().filter(({ purpose }) => purpose === 'standby');
    assert.deepEqual(
      hidden.map(({ state }) => state.name),
      ['paused'],
    );
    assert.deepEqual(
      machines.all().map(({ record }) => record.name),
      ['web'],
    );
    assert.equal(machines.runningCount(), 1);
    assert.throws(() => machines.find(hidden[0]?.name ?? ''), { code: 'vm.not_found' });
    assert.equal([...world.host.monitors.values()].filter(({ isPaused }) => isPaused).length, 1);
    const listed = await machines.templates.list();
    assert.deepEqual(listed.map(({ depth, standby }) => [depth, standby]).sort(), [
      ['t0', 0],
      ['t1', 1],
    ]);
  });

  test('become the next VM of their shape, with its name and sizes', async () => {
    const { world, machines } = await withStandby();
    const before = world.host.lastPid;

    const vm = await machines.create(
      aRequest({ name: 'next', diskMib: 20_000, ephemeral: true }),
      anOperation(),
    );

    assert.equal(world.host.lastPid, before, 'no monitor was started');
    assert.equal(vm.record.startedFrom?.kind, 'standby');
    assert.deepEqual(
      [vm.record.name, vm.record.ephemeral, vm.record.settled, vm.record.state.name],
      ['next', true, true, 'running'],
    );
    const { identity } = world.guests.get(vm.id) ?? {};
    assert.deepEqual([identity?.hostname, identity?.workMib], ['next', 20_000]);
    assert.ok(vm.record.hygiene.every(({ ok }) => ok));
    assert.equal(world.guests.get(vm.id)?.silences.size, 0);
  });

  test('are left alone by a start that wants something else', async () => {
    const { machines } = await withStandby();
    const shut = await machines.create(aRequest({ name: 'shut', nat: false }), anOperation());
    const cold = await machines.create(aRequest({ name: 'cold', template: false }), anOperation());
    const large = await machines.create(
      aRequest({ name: 'large', memoryMib: 2048 }),
      anOperation(),
    );

    for (const vm of [shut, cold, large]) assert.notEqual(vm.record.startedFrom?.kind, 'standby');
  });

  test('stay where they are when the name is taken', async () => {
    const { machines } = await withStandby();

    await assert.rejects(machines.create(aRequest(), anOperation()), { code: 'vm.name_taken' });

    const next = await machines.create(aRequest({ name: 'next' }), anOperation());
    assert.equal(next.record.startedFrom?.kind, 'standby');
  });

  test('that died are not handed out', async () => {
    const { world, machines } = await withStandby();
    for (const monitor of [...world.host.monitors.values()]) {
      if (monitor.isPaused) monitor.end({ kind: 'killed', signal: 'SIGKILL' });
    }
    await turns();

    const vm = await machines.create(aRequest({ name: 'next' }), anOperation());

    assert.equal(vm.record.startedFrom?.kind, 't1');
  });

  test('that do not answer are given up for an ordinary start', async () => {
    const { world, machines } = await withStandby();
    for (const guest of world.guests.values()) {
      guest.failures.set('identify', new Error('it does not answer'));
    }

    const vm = await machines.create(aRequest({ name: 'next' }), anOperation());

    assert.equal(vm.record.startedFrom?.kind, 't1');
    assert.equal(machines.all().length, 2);
  });

  test('of a shape that nobody has used for ten minutes are given up', async () => {
    const { world, machines } = await withStandby();

    await world.clock.advance(11 * 60_000);
    await turns();

    assert.equal(world.host.monitors.size, 1);
    assert.deepEqual(
      (await machines.templates.list()).map(({ standby }) => standby),
      [0, 0],
    );
  });

  test('are given up when memory gets short, and not made then', async () => {
    const { world, machines } = await withStandby();
    world.pressure.reading = { totalMib: 8192, availableMib: 100, stalledPercent: 0 };

    await world.clock.advance(20_000);
    await turns();
    assert.equal(world.host.monitors.size, 1);
    await machines.create(aRequest({ name: 'next' }), anOperation());
    await prepared(world);

    assert.equal(world.host.monitors.size, 2);
  });

  test('go with the daemon', async () => {
    const { world, machines, first } = await withStandby();

    await machines.close();

    assert.deepEqual(
      [...world.host.monitors.values()].map(({ plan }) => plan.id),
      [first.id],
    );
  });

  test('of a daemon that was killed are removed by the next', async () => {
    const { world, first, die } = await withStandby();
    die();

    const next = world.daemon(WARM);
    assert.deepEqual(await next.machines.open(), []);

    assert.deepEqual(
      [...world.host.monitors.values()].map(({ plan }) => plan.id),
      [first.id],
    );
    assert.deepEqual(
      next.records.all().map(({ name }) => name),
      ['web'],
    );
  });

  test('go with their image', async () => {
    const { world, machines, first } = await withStandby();
    const imageId = first.record.imageId ?? assert.fail();
    await machines.delete(first, anOperation());

    await machines.templates.dropFor(imageId);

    assert.deepEqual(world.left(), []);
    assert.deepEqual(
      (await machines.templates.list()).map(({ depth }) => depth),
      ['t0'],
    );
  });
});

/** The time that a standby is waited for, and the work on it. */
async function prepared(world: ReturnType<typeof createFakeWorld>): Promise<void> {
  for (let second = 0; second < 3; second += 1) {
    await turns();
    await world.clock.advance(600);
  }
  await turns();
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
