import type { Accelerator } from '@banger/protocol/vm';

import { optionList } from './option-list.ts';

/** A board that QEMU can play, and how its devices are attached. */
export interface QemuMachine {
  readonly name: 'q35' | 'microvm';
  readonly argument: string;
  readonly cpu: string;
  /** Suffix of virtio device names: `virtio-blk-pci` or `virtio-blk-device` (virtio-mmio) */
  readonly bus: 'pci' | 'device';
  /** Has a device that tells the guest's kernel, when it goes on from a saved state, to reseed its random numbers */
  readonly hasGenerationId: boolean;
}

/**
 * Without ERMS and FSRM a guest copies by words: the emulator plays `rep movsb` byte by byte, 18 times slower
 * (docs/decisions/0017).
 *
 * q35 works everywhere. microvm starts sooner but hangs under emulation, where a Linux kernel cannot calibrate its
 * time stamp counter on it; it needs ACPI because distribution kernels take no virtio-mmio from the command line.
 */
export function machineFor(accel: Accelerator): QemuMachine {
  const memory = { 'memory-backend': 'ram' };
  if (accel === 'tcg') {
    const unused = { usb: false, sata: false, smbus: false, vmport: false };
    return {
      name: 'q35',
      argument: optionList('q35', { accel, ...unused, ...memory }),
      cpu: 'max,-erms,-fsrm',
      bus: 'pci',
      hasGenerationId: true,
    };
  }
  const needed = { acpi: true, rtc: true, 'isa-serial': true };
  return {
    name: 'microvm',
    argument: optionList('microvm', { accel, ...needed, ...memory }),
    cpu: 'host',
    bus: 'device',
    hasGenerationId: false,
  };
}
