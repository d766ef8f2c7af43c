import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

import type { AcceleratorFacts } from './accelerator.ts';

export interface AcceleratorSources {
  readonly cpuInfo?: string;
  readonly device?: string;
}

/** Looks at the host and changes nothing. Whether KVM failed here before is the caller's to remember. */
export async function probeAccelerator({
  cpuInfo = '/proc/cpuinfo',
  device = '/dev/kvm',
}: AcceleratorSources = {}): Promise<Omit<AcceleratorFacts, 'failedBefore'>> {
  return {
    hardware: hardwareFlag(await readFile(cpuInfo, 'utf8')),
    device: await openDevice(device),
  };
}

export function hardwareFlag(cpuInfo: string): AcceleratorFacts['hardware'] {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.split(' '));
  if (flags.has('vmx')) return 'vmx';
  return flags.has('svm') ? 'svm' : undefined;
}

async function openDevice(path: string): Promise<AcceleratorFacts['device']> {
  try {
    const device = await open(path, constants.O_RDWR);
    await device.close();
    return 'usable';
  } catch (error) {
    switch (error instanceof Error && 'code' in error ? error.code : undefined) {
      case 'ENOENT':
        return 'absent';
      case 'EACCES':
      case 'EPERM':
        return 'denied';
      default:
        return 'broken';
    }
  }
}
