import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from './fake-world.ts';

const onBridge = { network: 'bridge' } as const;
const host = { cpus: 4, memoryMib: 8192, diskMib: 100_000 };
const FIRST = '172.16.0.2';

function portOf({ bridgeHost }: ReturnType<typeof createFakeWorld>, address = FIRST) {
  const ports = [...bridgeHost.host.links.values()].map(({ port }) => port);
  return ports.find((port) => port?.address === address);
}

function nameServersOf({ guests }: ReturnType<typeof createFakeWorld>) {
  return [...guests.values()].at(-1)?.identity?.dnsServers;
}

suite('a VM on the bridge', () => {
  test('has its address for as long as it exists, and a tap while it runs', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(onBridge), anOperation());
    assert.deepEqual(
      [portOf(world)?.isolated, portOf(world)?.nat, machines.addressOf('web')],
      [true, false, FIRST],
    );

    await vm.stop(anOperation());
    assert.equal(world.bridgeHost.host.links.size, 0);
    const other = await machines.create(aRequest({ ...onBridge, name: 'other' }), anOperation());
    await vm.start(anOperation());

    assert.equal(machines.addressOf('web'), FIRST);
    assert.equal(machines.addressOf('other'), '172.16.0.3');
    await machines.delete(vm, anOperation());
    await machines.delete(other, anOperation());
    assert.deepEqual(world.left(), []);
  });

  test('asks whom the host asks now, each time that it starts', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(onBridge), anOperation());
    const asked = [nameServersOf(world)];

    await vm.stop(anOperation());
    world.nameServers.splice(0, 1, '198.51.100.53', '198.51.100.54');
    await vm.start(anOperation());
    asked.push(nameServersOf(world));
    await machines.saved.suspend(vm, anOperation());
    world.nameServers.splice(0, 2, '203.0.113.53');
    await vm.start(anOperation());
    asked.push(nameServersOf(world));

    const [made, moved, resumed] = asked;
    assert.deepEqual(made, ['192.0.2.53']);
    assert.deepEqual(moved, ['198.51.100.53', '198.51.100.54']);
    assert.deepEqual(resumed, ['203.0.113.53']);
  });

  test('gets and loses NAT while it runs, and nothing else changes then', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(onBridge), anOperation());

    await vm.change({ nat: true }, host, anOperation());
    assert.deepEqual([portOf(world)?.nat, vm.record.spec.nat], [true, true]);
    await assert.rejects(vm.change({ nat: false, vcpu: 2 }, host, anOperation()), {
      code: 'vm.wrong_state',
    });
    assert.equal(portOf(world)?.nat, true);
    await vm.change({ nat: false }, host, anOperation());
    assert.deepEqual([portOf(world)?.nat, vm.record.plan?.network.nat], [false, false]);
  });

  test('keeps what it had when the host cannot change it', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(onBridge), anOperation());
    world.bridgeHost.host.links.clear();
    world.bridgeHost.host.routes.add('172.16.0.0/24');

    await assert.rejects(vm.change({ nat: true }, host, anOperation()), {
      code: 'host.network_conflict',
    });

    assert.equal(vm.record.spec.nat, false);
    assert.equal(vm.record.state.name, 'running');
  });

  test('has its tap put right by the next daemon, or a warning', async () => {
    const world = createFakeWorld();
    await world.daemon().machines.create(aRequest({ ...onBridge, nat: true }), anOperation());
    world.bridgeHost.host.links.clear();

    await world.daemon().machines.open();
    assert.equal(portOf(world)?.nat, true);

    world.bridgeHost.host.links.clear();
    world.bridgeHost.host.routes.add('172.16.0.0/24');
    const { machines } = world.daemon();
    assert.deepEqual(await machines.open(), []);
    const { record } = machines.find('web');
    assert.equal(record.state.name, 'running');
    assert.match(record.warnings.join(), /Its network may not work: .*routed elsewhere/);
  });

  test('has none while it is suspended, and its own again afterwards', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest({ ...onBridge, isolated: false }), anOperation());

    await machines.saved.suspend(vm, anOperation());
    assert.equal(world.bridgeHost.host.links.size, 0);
    await vm.start(anOperation());

    assert.equal(portOf(world)?.isolated, false);
  });

  test('has forks with addresses of their own', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest({ ...onBridge, nat: true }), anOperation());

    await machines.saved.fork(vm, { name: 'kid', count: 2 }, anOperation());

    const addresses = ['kid-1', 'kid-2'].map((name) => machines.addressOf(name) ?? '');
    assert.deepEqual(addresses.toSorted(), ['172.16.0.3', '172.16.0.4']);
    assert.ok(addresses.every((address) => portOf(world, address)?.nat));
  });

  test('that was prepared ahead may what its user says, once it has one', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon({ templates: true, standbys: 1 });
    const first = await machines.create(aRequest(onBridge), anOperation());
    await prepared(world);
    const waiting = machines.everyone().find(({ record }) => record.purpose === 'standby');
    const address = waiting?.record.plan?.network.hostAddress ?? '';
    assert.deepEqual(
      [portOf(world, address)?.nat, portOf(world, address)?.isolated],
      [false, true],
    );

    const open = { ...onBridge, name: 'next', nat: true, isolated: false };
    const vm = await machines.create(aRequest(open), anOperation());

    assert.equal(vm.record.startedFrom?.kind, 'standby');
    assert.equal(vm.record.plan?.network.hostAddress, address);
    assert.deepEqual(
      [portOf(world, address)?.nat, portOf(world, address)?.isolated],
      [true, false],
    );
    assert.notEqual(first.id, vm.id);
    await machines.close();
  });
});

/** Everything in the world is promises, immediates and a clock that is moved. */
async function prepared({ clock }: ReturnType<typeof createFakeWorld>): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    if (turn % 200 === 0) await clock.advance(600);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
