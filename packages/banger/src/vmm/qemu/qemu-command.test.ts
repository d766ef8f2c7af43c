import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPlan } from '../../machine/fixtures.ts';
import type { PlanMemory } from '../../machine/plan.ts';
import { kernelCommandLine } from '../kernel-command-line.ts';
import { qemuCommand } from './qemu-command.ts';
import { machineFor } from './qemu-machine.ts';

function commandOf(change: Parameters<typeof aPlan>[0] = {}) {
  const plan = aPlan(change);
  const command = qemuCommand('/usr/bin/qemu', plan, machineFor(plan.spec.accel));
  return { plan, command, after: (flag: string) => valuesAfter(command, flag) };
}

function valuesAfter(command: readonly string[], flag: string): readonly string[] {
  return command.filter((_, at) => command[at - 1] === flag);
}

suite('the QEMU command line', () => {
  test('emulates on q35 and uses microvm under KVM only', () => {
    const [emulated = ''] = commandOf({ accel: 'tcg' }).after('-machine');
    const [accelerated = ''] = commandOf({ accel: 'kvm' }).after('-machine');

    assert.match(emulated, /^q35,accel=tcg,usb=off,sata=off,smbus=off,vmport=off/);
    assert.match(accelerated, /^microvm,accel=kvm,acpi=on,rtc=on/);
    assert.deepEqual(commandOf({ accel: 'tcg' }).after('-cpu'), ['max,-erms,-fsrm']);
    assert.deepEqual(commandOf({ accel: 'kvm' }).after('-cpu'), ['host']);
  });

  test('attaches devices to the bus of the machine', () => {
    const devices = commandOf({ accel: 'kvm' }).after('-device').join(' ');

    assert.match(devices, /virtio-blk-device/);
    assert.doesNotMatch(devices, /-pci|romfile/);
  });

  test('names every drive and lets the guest write to its own two only', () => {
    const { after, plan } = commandOf();
    const drives = after('-blockdev');
    const serials = after('-device').flatMap((device) => /serial=([^,]+)/.exec(device)?.[1] ?? []);

    assert.deepEqual(serials, ['banger-base', 'banger-overlay', 'banger-work', 'banger-modules']);
    const readOnly = drives.filter((drive) => drive.includes('read-only=on'));
    assert.deepEqual(readOnly.map(fileOf), [plan.paths.baseDisk, plan.paths.modulesDisk]);
    assert.ok(drives.every((drive) => drive.includes('cache.no-flush=off')));
    const trimmed = drives.filter((drive) => drive.includes('discard=unmap,detect-zeroes=unmap'));
    assert.deepEqual(trimmed.map(fileOf), [plan.paths.overlayDisk, plan.paths.workDisk]);
  });

  test('restricts the network of a VM without NAT', () => {
    const [open = ''] = commandOf({ nat: true }).after('-netdev');
    const [closed = ''] = commandOf({ nat: false }).after('-netdev');

    assert.equal(
      open,
      'user,id=net0,ipv6=off,net=10.77.0.2/16,host=10.77.0.2,dns=10.77.0.3,dhcpstart=10.77.0.16,restrict=off',
    );
    assert.match(closed, /restrict=on$/);
  });

  test('leaves the name server to QEMU when it is not on the network', () => {
    const plan = aPlan();
    const network = { ...plan.network, dnsServers: ['9.9.9.9'] };
    const command = qemuCommand('qemu', { ...plan, network }, machineFor('tcg'));

    assert.doesNotMatch(valuesAfter(command, '-netdev').join(), /dns=/);
  });

  test('doubles commas in paths', () => {
    const { after, plan } = commandOf({ root: '/a,b' });

    const [monitor = ''] = after('-chardev');
    assert.match(monitor, /^socket,id=monitor,path=\/a,,b\/run\//);
    assert.ok(after('-blockdev').some((drive) => drive.includes('file.filename=/a,,b/')));
    assert.deepEqual(after('-kernel'), [plan.paths.kernel]); // Not an option list.
  });

  test('takes memory of its own, or a file that it shares or maps privately', () => {
    const ram = (memory: PlanMemory) => {
      const plan = aPlan({ memoryMib: 64 });
      const start = { ...plan.start, memory };
      return valuesAfter(qemuCommand('qemu', { ...plan, start }, machineFor('tcg')), '-object')[0];
    };

    assert.equal(ram({ kind: 'own' }), 'memory-backend-ram,id=ram,size=64M');
    const file = 'memory-backend-file,id=ram,size=64M,mem-path=/m';
    assert.equal(ram({ kind: 'shared', file: '/m' }), `${file},share=on`);
    assert.equal(ram({ kind: 'private', file: '/m' }), `${file},share=off`);
  });

  test('waits for a saved state instead of booting', () => {
    const plan = aPlan();
    const start = { ...plan.start, state: '/s' };

    const command = qemuCommand('qemu', { ...plan, start }, machineFor('tcg'));

    assert.deepEqual(valuesAfter(command, '-incoming'), ['defer']);
    assert.ok(command.includes('-S'));
    assert.ok(!commandOf().command.includes('-incoming'));
  });

  test('gives a receiver the same devices with nothing behind them', () => {
    const plan = aPlan();
    const guest = commandOf().after('-device');

    const command = qemuCommand('qemu', plan, machineFor('tcg'), 'receiver');

    assert.deepEqual(withoutMac(valuesAfter(command, '-device')), withoutMac(guest));
    const { overlayDisk, baseDisk, agentSocket, consoleLog } = plan.paths;
    for (const path of [overlayDisk, baseDisk, agentSocket, consoleLog])
      assert.doesNotMatch(command.join(' '), new RegExp(path));
    const readOnly = valuesAfter(command, '-blockdev').map((disk) => disk.includes('read-only=on'));
    assert.deepEqual(readOnly, [true, false, false, true]);
  });

  test('ends when the guest resets, and opens no way out of the sandbox', () => {
    const { after } = commandOf();

    assert.deepEqual(after('-action'), ['reboot=shutdown']);
    assert.match(after('-sandbox').join(), /^on,.*spawn=deny/);
    assert.match(after('-chardev').join(' '), /file,id=console,path=[^,]+,append=on/);
  });

  test('tells an emulated kernel more than an accelerated one, and nothing of the user', () => {
    assert.match(kernelCommandLine('tcg'), /panic=-1 net\.ifnames=0.* mitigations=off nokaslr/);
    assert.doesNotMatch(kernelCommandLine('kvm'), /mitigations/);
    assert.doesNotMatch(commandOf({ name: 'secret' }).after('-append').join(), /secret/);
  });
});

function withoutMac(devices: readonly string[]): readonly string[] {
  return devices.map((device) => device.replace(/mac=[^,]+/, ''));
}

function fileOf(drive: string): string {
  return /file\.filename=([^,]+)/.exec(drive)?.[1] ?? '';
}
