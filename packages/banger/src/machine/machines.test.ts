import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';

import { driveSerials } from './drive-names.ts';
import { anOperation, aRequest, createFakeWorld } from './fake-world.ts';

suite('machines', () => {
  test('make a VM, run it, and leave nothing when it is deleted', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();

    const vm = await machines.create(aRequest(), anOperation());
    assert.equal(vm.record.state.name, 'running');
    assert.equal(vm.record.settled, true);
    assert.equal(world.guests.get(vm.id)?.boot?.identity.hostname, 'web');
    await machines.delete(vm, anOperation());

    assert.deepEqual(world.left(), []);
    assert.deepEqual(machines.all(), []);
  });

  test('tell a guest its drives by their places under a monitor without serial numbers', async () => {
    const drivesUnder = async (driveSerials: boolean) => {
      const world = createFakeWorld({ driveSerials });
      const { machines } = world.daemon();
      const vm = await machines.create(aRequest(), anOperation());
      return world.guests.get(vm.id)?.boot?.drives;
    };

    assert.deepEqual(await drivesUnder(false), {
      base: 'order:0',
      overlay: 'order:1',
      work: 'order:2',
      modules: 'order:3',
    });
    assert.deepEqual(await drivesUnder(true), driveSerials);
  });

  test('ask a guest to sync and power off before they end its monitor', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(), anOperation());
    const guest = world.guests.get(vm.id);

    await vm.stop(anOperation());

    assert.deepEqual(guest?.calls.slice(-2), ['sync', 'shutdown']);
    assert.equal(vm.record.state.name, 'stopped');
    assert.equal(world.disks.disks.size, 2);
  });

  test('give a restarted VM a new boot id and the same disks', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest(), anOperation());
    const before = vm.record.bootId;

    await vm.restart(anOperation());

    assert.notEqual(vm.record.bootId, before);
    assert.equal(vm.record.state.name, 'running');
  });

  test('refuse a name that is taken and change nothing', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    await machines.create(aRequest(), anOperation());
    const left = world.left();

    await assert.rejects(machines.create(aRequest(), anOperation()), { code: 'vm.name_taken' });

    assert.deepEqual(world.left(), left);
  });

  test('take what is stored as it is, without the check that a pull makes', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    await machines.create(aRequest(), anOperation());
    const pull = () => Promise.reject(new Error('pulled again'));
    Object.assign(world.images, { pull });
    Object.assign(world.kernels, { pull });

    const vm = await machines.create(aRequest({ name: 'other' }), anOperation());

    assert.equal(vm.record.state.name, 'running');
  });

  test('cancel the kernel when the image cannot be had', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();

    const creating = machines.create(aRequest({ image: 'nosuch' }), anOperation());

    await assert.rejects(creating, { code: 'image.not_found' });
    assert.deepEqual(world.left(), []);
  });

  test('keep a VM whose guest never answered, for its logs, and say so', async () => {
    const world = createFakeWorld();
    world.behaviour.silent = () => true;
    const { machines } = world.daemon();

    const creating = machines.create(aRequest({ ephemeral: true }), anOperation());
    await endOfFirstMonitor(world, { kind: 'crashed', exitCode: 1, logFile: '/log' });

    await assert.rejects(creating, {
      code: 'guest.unreachable',
      message:
        /the monitor ended with status 1 before the guest answered; VM "web" is kept for its logs/,
    });
    const { state, ephemeral } = machines.find('web').record;
    assert.deepEqual([state.name, ephemeral], ['error', false]);
    assert.equal(world.host.monitors.size, 0);
  });

  test('fall back to emulation when KVM was chosen by itself and does not work', async () => {
    const world = createFakeWorld();
    world.behaviour.accelerator = 'kvm';
    world.behaviour.silent = (accel) => accel === 'kvm';
    const { machines } = world.daemon();
    const operation = anOperation();

    const creating = machines.create(aRequest(), operation);
    await endOfFirstMonitor(world, { kind: 'crashed', exitCode: null, logFile: '/log' });
    const vm = await creating;

    assert.equal(vm.record.spec.accel, 'tcg');
    assert.equal(world.kvmFailures.length, 1);
    assert.match(operation.warnings.join(), /KVM did not bring the guest up, so it runs emulated/);
  });

  test('fall back from Firecracker to QEMU, which can emulate', async () => {
    const world = createFakeWorld();
    world.behaviour.accelerator = 'kvm';
    world.behaviour.silent = (accel) => accel === 'kvm';
    const { machines } = world.daemon();

    const creating = machines.create(aRequest({ network: 'bridge' }), anOperation());
    await endOfFirstMonitor(world, { kind: 'guest-off' });
    const { spec, provenance } = (await creating).record;

    assert.deepEqual([spec.vmm, spec.accel, spec.network], ['qemu', 'tcg', 'bridge']);
    assert.equal(provenance['vmm'], 'host');
  });

  test('do not fall back when KVM was asked for by name', async () => {
    const world = createFakeWorld();
    world.behaviour.accelerator = 'kvm';
    world.behaviour.silent = () => true;
    const { machines } = world.daemon();

    const creating = machines.create(aRequest({ accel: 'kvm' }), anOperation());
    await endOfFirstMonitor(world, { kind: 'crashed', exitCode: null, logFile: '/log' });

    await assert.rejects(creating, { code: 'guest.unreachable' });
    assert.deepEqual(world.kvmFailures, []);
  });

  test('delete an ephemeral VM with its lease and leave others alone', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const leased = await machines.create(aRequest({ ephemeral: true }), anOperation());
    const kept = await machines.create(aRequest({ name: 'kept' }), anOperation());

    await machines.endLease(leased.id);
    await machines.endLease(kept.id);

    assert.deepEqual(
      machines.all().map(({ record }) => record.name),
      ['kept'],
    );
  });

  for (const how of ['kill', 'delete'] as const) {
    test(`${how} a VM that is still starting`, async () => {
      const world = createFakeWorld();
      world.behaviour.silent = () => true;
      const { machines } = world.daemon();
      await machines.create(aRequest({ start: false }), anOperation());
      const vm = machines.find('web');
      const starting = assert.rejects(vm.start(anOperation()), {
        code: 'vm.busy',
        message: `Cannot go on with VM "web": it was ${how === 'kill' ? 'killed' : 'deleted'} meanwhile`,
      });
      while (world.host.monitors.size === 0) await new Promise((resolve) => setImmediate(resolve));

      await (how === 'kill'
        ? vm.kill('SIGKILL', anOperation())
        : machines.delete(vm, anOperation()));

      await starting;
      assert.equal(world.host.monitors.size, 0);
      if (how === 'kill') assert.equal(vm.record.state.name, 'stopped');
      else assert.deepEqual(world.left(), []);
    });
  }

  test('tell that a VM is deleted when nobody finds it any more', async () => {
    const world = createFakeWorld();
    const found: number[] = [];
    const { machines } = world.daemon({
      onEvent({ type }) {
        if (type === 'vm.deleted') found.push(machines.everyone().length);
      },
    });
    const vm = await machines.create(aRequest(), anOperation());

    await Promise.all([machines.delete(vm, anOperation()), machines.delete(vm, anOperation())]);

    assert.deepEqual(found, [0]);
  });

  test('prune what does not run', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    await machines.create(aRequest({ name: 'runs' }), anOperation());
    await machines.create(aRequest({ name: 'made', start: false }), anOperation());
    const stopped = await machines.create(aRequest({ name: 'stopped' }), anOperation());
    await stopped.stop(anOperation());

    const pruned = await machines.prune(anOperation());

    assert.deepEqual(pruned.map(({ name }) => name).toSorted(), ['made', 'stopped']);
    assert.deepEqual(
      machines.all().map(({ record }) => record.name),
      ['runs'],
    );
  });

  test('change a stopped VM and grow its disk, and refuse a running one', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon();
    const vm = await machines.create(aRequest({ diskMib: 1024 }), anOperation());
    const host = { cpus: 4, memoryMib: 8192, diskMib: 100_000 };

    await assert.rejects(vm.change({ diskMib: 2048 }, host, anOperation()), {
      code: 'vm.wrong_state',
    });
    await vm.stop(anOperation());
    await vm.change({ diskMib: 2048, memoryMib: 1024, nat: false }, host, anOperation());

    assert.equal(world.disks.disks.get(vm.record.plan?.paths.workDisk ?? '')?.mib, 2048);
    assert.equal(vm.record.plan?.spec.memoryMib, 1024);
    assert.equal(vm.record.plan.network.nat, false);
  });
});

suite('the end of a monitor', () => {
  for (const [exit, state] of [
    [{ kind: 'guest-off' }, { name: 'stopped' }],
    [
      { kind: 'killed', signal: 'SIGKILL' },
      { name: 'stopped', reason: 'the monitor was ended by SIGKILL' },
    ],
    [
      { kind: 'crashed', exitCode: 134, logFile: '/log' },
      { name: 'error', reason: 'the monitor ended with status 134; see /log', leftovers: [] },
    ],
  ] as const) {
    test(`"${exit.kind}" makes the VM ${state.name} and leaves nothing of its run`, async () => {
      const world = createFakeWorld();
      const { machines, running } = world.daemon();
      const vm = await machines.create(aRequest(), anOperation());

      const live = running.get(vm.id);
      [...world.host.monitors.values()][0]?.end(exit);
      await live?.vmm.exited;
      await vm.idle();

      assert.deepEqual(vm.record.state, state);
      assert.equal(world.host.runFiles.size, 0);
      await vm.start(anOperation());
      assert.equal(vm.record.state.name, 'running');
    });
  }

  test('by a reset of the guest starts it again', async () => {
    const world = createFakeWorld();
    const { machines, running } = world.daemon();
    const vm = await machines.create(aRequest(), anOperation());
    const before = vm.record.bootId;

    const live = running.get(vm.id);
    [...world.host.monitors.values()][0]?.end({ kind: 'guest-reset' });
    await live?.vmm.exited;
    await vm.idle();

    assert.equal(vm.record.state.name, 'running');
    assert.notEqual(vm.record.bootId, before);
  });
});

suite('the next daemon', () => {
  test('adopts a running VM, connection and all', async () => {
    const world = createFakeWorld();
    const first = world.daemon();
    const vm = await first.machines.create(aRequest(), anOperation());
    await first.machines.close();

    const next = world.daemon();
    assert.deepEqual(await next.machines.open(), []);

    const adopted = next.machines.find('web');
    const guest = await adopted.guest(anOperation().signal);
    assert.equal((await guest.info(anOperation().signal)).bootId, vm.record.bootId);
    await adopted.stop(anOperation());
    assert.equal(world.host.monitors.size, 0);
  });

  test('says that a VM ended while nobody looked', async () => {
    const world = createFakeWorld();
    const first = world.daemon();
    await first.machines.create(aRequest(), anOperation());
    await first.machines.close();
    [...world.host.monitors.values()][0]?.end({ kind: 'guest-off' });

    const next = world.daemon();
    await next.machines.open();

    assert.deepEqual(next.machines.find('web').record.state, {
      name: 'stopped',
      reason: 'its monitor ended while no daemon was running',
    });
    assert.equal(world.host.runFiles.size, 0);
  });

  test('deletes the ephemeral VM of a client that nobody serves any more', async () => {
    const world = createFakeWorld();
    const first = world.daemon();
    await first.machines.create(aRequest({ ephemeral: true }), anOperation());
    await first.machines.close();

    assert.deepEqual(world.left(), []);
  });
});

/** Waits for a monitor to be asked for its agent, then ends it in place of a deadline. */
async function endOfFirstMonitor(
  world: ReturnType<typeof createFakeWorld>,
  exit: Parameters<NonNullable<ReturnType<typeof world.host.monitors.get>>['end']>[0],
): Promise<void> {
  while (world.host.monitors.size === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const [monitor] = world.host.monitors.values();
  monitor?.end(exit);
  if (monitor?.gone.aborted === false) await once(monitor.gone, 'abort');
}
