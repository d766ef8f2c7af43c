import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from './fake-world.ts';

type FakeWorld = ReturnType<typeof createFakeWorld>;

/** Host names and the keys that clients expect of them */
function pinned({ pins }: FakeWorld) {
  return [...pins.pinned.values()].map(({ name, publicKey }) => ({ name, publicKey }));
}

function keyOfGuest(world: FakeWorld, id: string) {
  const guest = [...world.guests].find(([vm]) => vm === id)?.[1];
  return guest?.identity?.sshHostKeys[0]?.publicKey;
}

suite('pins of VMs', () => {
  test('are there before the guest is, with the key that it is told', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();

    const vm = await machines.create(aRequest({ start: false }), anOperation());
    const before = pinned(world);
    await vm.start(anOperation());

    assert.deepEqual(before, [{ name: 'web', publicKey: keyOfGuest(world, vm.id) }]);
    assert.deepEqual(pinned(world), before);
  });

  test('go with their VM', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(), anOperation());

    await machines.delete(vm, anOperation());

    assert.deepEqual(pinned(world), []);
  });

  test('of a fork are of another key and under its own name', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(), anOperation());

    const [copy] = await machines.saved.fork(vm, { name: 'copy', count: 1 }, anOperation());

    assert.ok(copy);
    const [web, other] = pinned(world);
    assert.deepEqual([web?.name, other?.name], ['web', 'copy']);
    assert.notEqual(other?.publicKey, web?.publicKey);
    assert.equal(other?.publicKey, keyOfGuest(world, copy.id));
  });

  test('are what a new daemon finds VMs to have, whatever the file said', async () => {
    const world = createFakeWorld();
    const first = world.daemon();
    await first.machines.create(aRequest(), anOperation());
    const before = pinned(world);
    first.die();
    await world.pins.reset([]);

    const { machines } = world.daemon();
    await machines.open();

    assert.deepEqual(pinned(world), before);
  });
});
