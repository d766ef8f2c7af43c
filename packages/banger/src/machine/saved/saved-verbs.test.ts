import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

async function withVm(tweaks = {}) {
  const world = createFakeWorld();
  const daemon = world.daemon(tweaks);
  const vm = await daemon.machines.create(aRequest(), anOperation());
  const verbs = daemon.machines.saved;
  return { world, ...daemon, vm, verbs };
}

const remember = (world: ReturnType<typeof createFakeWorld>, id: string, offset: number) => {
  for (const [vm, guest] of world.guests) if (vm === id) guest.clockOffsetMs = offset;
};

suite('pause and resume', () => {
  test('stop the vCPUs, and let them run with the right time', async () => {
    const { world, vm, verbs } = await withVm();
    await verbs.pause(vm, anOperation());

    assert.equal(vm.record.state.name, 'paused');
    assert.equal([...world.host.monitors.values()][0]?.isPaused, true);
    await assert.rejects(async () => vm.guest(new AbortController().signal), {
      code: 'vm.not_running',
      hint: 'banger vm resume web',
    });
    remember(world, vm.id, -5000);
    await verbs.resume(vm, anOperation());

    assert.equal(vm.record.state.name, 'running');
    assert.equal(world.guests.get(vm.id)?.clockOffsetMs, 0);
    assert.equal(world.guests.get(vm.id)?.silences.size, 0);
  });

  test('are nothing twice, and refused where they make no sense', async () => {
    const { vm, verbs } = await withVm();
    await verbs.pause(vm, anOperation());
    await verbs.pause(vm, anOperation());
    await assert.rejects(vm.start(anOperation()), { hint: 'banger vm resume web' });
    await verbs.resume(vm, anOperation());
    await verbs.resume(vm, anOperation());
    await vm.stop(anOperation());
    await assert.rejects(verbs.pause(vm, anOperation()), { code: 'vm.wrong_state' });
  });

  test('a paused VM is stopped in good order', async () => {
    const { world, vm, verbs } = await withVm();
    const guest = world.guests.get(vm.id);
    await verbs.pause(vm, anOperation());
    await vm.stop(anOperation());
    assert.deepEqual(guest?.calls.slice(-2), ['sync', 'shutdown']);
    assert.equal(vm.record.state.name, 'stopped');
  });

  test('the next daemon keeps it paused', async () => {
    const { world, vm, verbs, die } = await withVm();
    await verbs.pause(vm, anOperation());
    die();
    const next = world.daemon();
    await next.machines.open();
    const again = next.machines.find('web');
    assert.equal(again.record.state.name, 'paused');
    await next.machines.saved.resume(again, anOperation());
    assert.equal(again.record.state.name, 'running');
  });
});

suite('suspend and start', () => {
  test('go on with the same memory', async () => {
    const { world, vm, verbs } = await withVm();
    const { bootId } = world.guests.get(vm.id) ?? {};

    await verbs.suspend(vm, anOperation());
    assert.equal(vm.record.state.name, 'suspended');
    assert.equal(world.host.monitors.size, 0);
    await vm.start(anOperation());

    assert.equal(vm.record.startedFrom?.kind, 'saved');
    assert.equal(world.guests.get(vm.id)?.bootId, bootId);
    assert.deepEqual([...world.saved.dirs.keys()], []);
  });

  test('a kill gives up what was saved, a delete leaves nothing', async () => {
    const { world, machines, vm, verbs } = await withVm();
    await verbs.suspend(vm, anOperation());
    await assert.rejects(vm.stop(anOperation()), { hint: 'banger vm kill web' });
    await vm.kill('SIGKILL', anOperation());
    assert.equal(vm.record.state.name, 'stopped');
    assert.deepEqual([...world.saved.dirs.keys()], []);
    await vm.start(anOperation());
    assert.equal(vm.record.startedFrom?.kind, 'power-on');
    await verbs.suspend(vm, anOperation());
    await machines.delete(vm, anOperation());
    assert.deepEqual(world.left(), []);
  });

  test('a state that cannot be loaded stays, and the way out is told', async () => {
    const { world, vm, verbs } = await withVm();
    await verbs.suspend(vm, anOperation());
    world.host.version = '2.0.0';
    await assert.rejects(vm.start(anOperation()), {
      code: 'vm.state_unusable',
      message: /saved by version 1\.0\.0, and qemu 2\.0\.0 cannot load it/,
      hint: /banger vm kill web/,
    });
    assert.equal(vm.record.state.name, 'suspended');
    world.host.version = '1.0.0';
    await vm.start(anOperation());
    assert.equal(vm.record.state.name, 'running');
  });

  test('a state of another processor stays, too, and both are named', async () => {
    const { world, vm, verbs } = await withVm();
    world.host.processor = 'CPU A';
    await verbs.suspend(vm, anOperation());
    world.host.processor = 'CPU B';
    await assert.rejects(vm.start(anOperation()), {
      code: 'vm.state_unusable',
      message: /saved on another processor \("CPU A", this host has "CPU B"\), and qemu 1\.0\.0/,
      hint: /banger vm kill web/,
    });
    assert.equal(vm.record.state.name, 'suspended');
    world.host.processor = 'CPU A';
    await vm.start(anOperation());
    assert.equal(vm.record.state.name, 'running');
  });

  test('a monitor that ends while it is saved is told, and the VM is stopped', async () => {
    const { world, vm, verbs } = await withVm();
    const suspending = verbs.suspend(vm, anOperation());
    const told = assert.rejects(suspending, {
      code: 'vm.ended',
      message: 'Cannot save VM "web": it ended meanwhile',
      hint: 'banger vm show web',
    });
    while (vm.record.state.name !== 'suspending') await new Promise(setImmediate);
    while (world.saved.dirs.size === 0) await new Promise(setImmediate);

    [...world.host.monitors.values()][0]?.end({ kind: 'killed', signal: 'SIGKILL' });

    await told;
    await vm.idle();
    assert.equal(vm.record.state.name, 'stopped');
    assert.deepEqual([...world.saved.dirs.keys()], []);
  });

  test('a paused VM whose daemon dies while it is suspended is paused', async () => {
    const { world, vm, verbs } = await withVm({ crashAt: 'save:done' });
    await verbs.pause(vm, anOperation());
    verbs.suspend(vm, anOperation()).catch(() => undefined);
    await turns();

    const next = world.daemon();
    assert.deepEqual(await next.machines.open(), []);

    assert.equal(next.machines.find('web').record.state.name, 'paused');
    assert.equal([...world.host.monitors.values()][0]?.isPaused, true);
  });

  for (const failAt of ['save:started', 'save:done', 'commit:started', 'commit:done']) {
    test(`a failure at ${failAt} leaves it running`, async () => {
      const { world, vm, verbs } = await withVm({ failAt });
      await assert.rejects(verbs.suspend(vm, anOperation()), /injected/);
      assert.equal(vm.record.state.name, 'running');
      assert.equal([...world.host.monitors.values()][0]?.isPaused, false);
      assert.deepEqual([...world.saved.dirs.keys()], []);
      const guest = await vm.guest(new AbortController().signal);
      await guest.sync(new AbortController().signal);
    });

    test(`a daemon that dies at ${failAt} loses nothing`, async () => {
      const { world, verbs, vm } = await withVm({ crashAt: failAt });
      verbs.suspend(vm, anOperation()).catch(() => undefined);
      await turns();
      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);
      const again = next.machines.find('web');
      if (failAt === 'commit:done') {
        assert.equal(again.record.state.name, 'suspended');
        assert.equal(world.host.monitors.size, 0);
        await again.start(anOperation());
        assert.equal(again.record.startedFrom?.kind, 'saved');
      }
      assert.equal(again.record.state.name, 'running');
      assert.equal([...world.host.monitors.values()][0]?.isPaused, false);
      await next.machines.delete(again, anOperation());
      assert.deepEqual(world.left(), []);
    });
  }

  for (const at of [
    'launch-vmm:done',
    'resume-vcpus:started',
    'resume-vcpus:done',
    'greet-guest:done',
  ]) {
    test(`a start from it whose daemon dies at ${at} never uses it twice`, async () => {
      const { world, vm, verbs, die } = await withVm();
      await verbs.suspend(vm, anOperation());
      die();
      const dying = world.daemon({ crashAt: at });
      await dying.machines.open();
      dying.machines
        .find('web')
        .start(anOperation())
        .catch(() => undefined);
      await turns();
      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);
      const again = next.machines.find('web');
      const isSpent = at === 'resume-vcpus:done' || at === 'greet-guest:done';
      assert.equal(again.record.state.name, isSpent ? 'stopped' : 'suspended');
      await again.start(anOperation());
      assert.equal(again.record.startedFrom?.kind, isSpent ? 'power-on' : 'saved');
    });
  }
});

suite('snapshots', () => {
  test('are made of a running VM, listed, restored and deleted', async () => {
    const { world, vm, verbs } = await withVm();
    const { bootId } = world.guests.get(vm.id) ?? {};
    const { name } = await verbs.snapshot(vm, 'first', anOperation());
    assert.equal(name, 'first');
    assert.match((await verbs.snapshot(vm, undefined, anOperation())).name, /^snap-\d{8}-\d{6}$/);
    assert.equal(vm.record.state.name, 'running');
    await vm.restart(anOperation());
    assert.notEqual(world.guests.get(vm.id)?.bootId, bootId);

    await verbs.restore(vm, 'first', anOperation());

    assert.equal(world.guests.get(vm.id)?.bootId, bootId);
    assert.equal(vm.record.state.name, 'running');
    await verbs.deleteSnapshot(vm, 'first', anOperation());
    await assert.rejects(verbs.restore(vm, 'first', anOperation()), { code: 'snapshot.not_found' });
    await assert.rejects(verbs.snapshot(vm, vm.record.snapshots[0]?.name, anOperation()), {
      code: 'snapshot.exists',
    });
  });

  test('can be gone back to from every settled state', async () => {
    const { vm, verbs } = await withVm();
    await verbs.snapshot(vm, 'first', anOperation());
    for (const leave of [
      () => verbs.pause(vm, anOperation()),
      () => verbs.suspend(vm, anOperation()),
      () => vm.stop(anOperation()),
    ]) {
      await leave();
      await verbs.restore(vm, 'first', anOperation());
      assert.equal(vm.record.state.name, 'running');
      assert.equal(vm.record.startedFrom?.kind, 'saved');
    }
  });

  test('that fail to be made leave the VM as it was', async () => {
    const { world, vm, verbs } = await withVm({ failAt: 'save:done' });
    await assert.rejects(verbs.snapshot(vm, 'first', anOperation()), /injected/);
    assert.deepEqual([vm.record.snapshots, [...world.saved.dirs.keys()]], [[], []]);
    assert.equal([...world.host.monitors.values()][0]?.isPaused, false);
  });

  for (const crashAt of ['save:started', 'save:done', 'commit:started', 'commit:done']) {
    test(`a daemon that dies while it makes one, at ${crashAt}, leaves nothing of it`, async () => {
      const { world, vm, verbs, die } = await withVm();
      await verbs.snapshot(vm, 'first', anOperation());
      die();
      const dying = world.daemon({ crashAt });
      await dying.machines.open();
      dying.machines.saved
        .snapshot(dying.machines.find('web'), 'second', anOperation())
        .catch(() => undefined);
      await turns();

      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);

      const again = next.machines.find('web');
      assert.equal(again.record.state.name, 'running');
      const dirs = [...world.saved.dirs.keys()].map((dir) => dir.split('/').at(-1));
      assert.deepEqual(dirs, ['first']);
    });
  }

  for (const crashAt of [
    'restore-disks:started',
    'restore-disks:done',
    'commit:started',
    'commit:done',
  ]) {
    test(`a daemon that dies while it goes back, at ${crashAt}, is followed by one that does`, async () => {
      const { world, vm, verbs, die } = await withVm();
      const { bootId } = world.guests.get(vm.id) ?? {};
      await verbs.snapshot(vm, 'first', anOperation());
      die();
      const dying = world.daemon({ crashAt });
      await dying.machines.open();
      dying.machines.saved
        .restore(dying.machines.find('web'), 'first', anOperation())
        .catch(() => undefined);
      await turns();
      const next = world.daemon();
      assert.deepEqual(await next.machines.open(), []);
      const again = next.machines.find('web');
      assert.equal(again.record.state.name, 'suspended');
      await again.start(anOperation());
      assert.equal(world.guests.get(again.id)?.bootId, bootId);
      await next.machines.delete(again, anOperation());
      assert.deepEqual(
        world.left().filter((path) => !path.includes('snapshots')),
        [],
      );
    });
  }
});

suite('forks of a running VM', () => {
  test('are machines of their own', async () => {
    const { world, machines, vm, verbs } = await withVm();
    const { bootId } = world.guests.get(vm.id) ?? {};

    const kids = await verbs.fork(vm, { name: 'kid', count: 3 }, anOperation());

    assert.deepEqual(
      kids.map(({ record }) => record.name),
      ['kid-1', 'kid-2', 'kid-3'],
    );
    const identities = kids.map(({ id }) => world.guests.get(id)?.identity);
    assert.equal(new Set(identities.map((identity) => identity?.machineId)).size, 3);
    assert.equal(new Set(identities.map((identity) => identity?.network.mac)).size, 3);
    assert.deepEqual(
      identities.map((identity) => identity?.hostname),
      ['kid-1', 'kid-2', 'kid-3'],
    );
    assert.ok(kids.every(({ id }) => world.guests.get(id)?.bootId === bootId));
    assert.equal(vm.record.state.name, 'running');
    await machines.delete(vm, anOperation());
    for (const kid of kids) await machines.delete(kid, anOperation());
    assert.deepEqual(world.left(), []);
  });

  test('have names that are made up, where none was given', async () => {
    const { verbs, vm } = await withVm();
    const kids = await verbs.fork(vm, { count: 2 }, anOperation());
    assert.equal(new Set(kids.map(({ record }) => record.name)).size, 2);
  });

  test('are all made or none', async () => {
    const { world, machines, vm, verbs } = await withVm();
    await machines.create(aRequest({ name: 'kid-2' }), anOperation());
    const before = world.left().length;

    await assert.rejects(verbs.fork(vm, { name: 'kid', count: 3 }, anOperation()), {
      code: 'vm.name_taken',
    });

    assert.equal(world.left().length, before);
    assert.equal(machines.all().length, 2);
  });

  test('leave the source running when saving it fails', async () => {
    const { world, machines, vm, verbs } = await withVm({ failAt: 'save:started' });
    await assert.rejects(verbs.fork(vm, { count: 1 }, anOperation()), /injected/);
    assert.equal(machines.all().length, 1);
    assert.equal([...world.host.monitors.values()][0]?.isPaused, false);
    assert.deepEqual([...world.saved.dirs.keys()], []);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
