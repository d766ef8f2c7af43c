import { type DriveRole, driveSerials } from '../../machine/drive-names.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { optionList } from './option-list.ts';
import type { QemuMachine } from './qemu-machine.ts';
import type { QemuPurpose } from './qemu-purpose.ts';

/**
 * The four disks. The host's page cache holds the base once for all VMs. `no-flush` is for disks that nobody needs once
 * their machine has ended, a build's; of all others, when the guest has synced, the host file is synced. What the guest
 * discards or zeroes becomes a hole in the file. A build has its delta, or nothing, in the place of the work disk.
 */
export function driveArgs(
  { paths, build }: MachinePlan,
  machine: QemuMachine,
  purpose: QemuPurpose,
): readonly string[] {
  const writable = { discard: 'unmap', 'detect-zeroes': 'unmap' };
  // Never written by anybody, so a lock could only be in the way (of network file systems, for one).
  const shared = { 'read-only': true, 'file.locking': false };
  return [
    ...drive('base', paths.baseDisk, shared),
    ...drive('overlay', paths.overlayDisk, { ...writable, 'cache.no-flush': build !== null }),
    ...(build === null
      ? drive('work', paths.workDisk, writable)
      : drive('work', build.deltaDisk ?? paths.baseDisk, shared)),
    ...(paths.modulesDisk === null ? [] : drive('modules', paths.modulesDisk, shared)),
  ];

  function drive(
    role: DriveRole,
    file: string,
    options: Readonly<Record<string, string | boolean>>,
  ): readonly string[] {
    const backend = {
      'file.driver': 'file',
      'file.filename': file,
      'file.aio': 'threads',
      'cache.direct': false,
      'cache.no-flush': false,
      ...options,
    };
    return [
      '-blockdev',
      purpose === 'guest'
        ? optionList('driver=raw', { 'node-name': role, ...backend })
        : optionList('driver=null-co', {
            'node-name': role,
            'read-only': 'read-only' in options,
            'read-zeroes': true,
          }),
      '-device',
      optionList(`virtio-blk-${machine.bus}`, {
        id: deviceId(role),
        drive: role,
        serial: driveSerials[role],
        // A full host is an error that the guest sees; the default stops the machine without a word.
        werror: 'report',
        rerror: 'report',
      }),
    ];
  }
}

/** Where the disk's device is among QEMU's objects; on PCI it is a part of what sits in the slot. */
export function diskDevice(role: DriveRole, { bus }: Pick<QemuMachine, 'bus'>): string {
  const path = `/machine/peripheral/${deviceId(role)}`;
  return bus === 'pci' ? `${path}/virtio-backend` : path;
}

/** Not the name of its node, which is the role */
function deviceId(role: DriveRole): string {
  return `disk-${role}`;
}
