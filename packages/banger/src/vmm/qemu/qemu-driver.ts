import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';
import type { DriverProbe, VmmDriver } from '../driver.ts';
import { createVersionProbe, type VersionedProgram, type VersionProbe } from '../version-probe.ts';
import { adoptQemu } from './adopt-qemu.ts';
import { launchQemu } from './launch-qemu.ts';
import { fingerprint } from './qemu-fingerprint.ts';
import type { QemuHost } from './qemu-host.ts';
import { networkLimits } from './set-limits.ts';
import { sweepQemu } from './sweep-qemu.ts';

const OLDEST_MAJOR = 7;
const INSTALL = 'sudo apt install qemu-system-x86';
const qemu: VersionedProgram = {
  name: 'QEMU',
  pattern: /^QEMU emulator version (\d+\.\d+\.\d+)/,
};

export interface QemuDriverOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  /** Name in PATH or absolute path */
  readonly binary?: string;
  /** Shared with others that ask for it; an own one unless told */
  readonly versions?: VersionProbe;
}

/** VMs by qemu-system-x86_64: with KVM where it works, emulated everywhere else. */
export function createQemuDriver(options: QemuDriverOptions): VmmDriver {
  const { processes, clock, binary: program = 'qemu-system-x86_64' } = options;
  const { versions = createVersionProbe({ processes, clock }) } = options;
  const host: QemuHost = {
    processes,
    clock,
    async locate(signal) {
      const binary = await processes.find(program);
      if (binary !== undefined) return { binary, version: await versions(qemu, binary, signal) };
      throw new BangerError('host.tool_missing', `Cannot run "${program}": it is not installed`, {
        hint: INSTALL,
        details: { program },
      });
    },
  };
  return {
    name: 'qemu',
    features: {
      accelerators: ['kvm', 'tcg'],
      networks: ['user', 'bridge'],
      driveSerials: true,
      savedStates: true,
      networkLimits,
    },
    probe: (signal) => probe(host, program, signal),
    fingerprint: (plan, signal) => fingerprint(host, plan, signal),
    launch: (plan, signal) => launchQemu(host, plan, signal),
    adopt: (plan, signal) => adoptQemu(host, plan, signal),
    log: ({ paths }) => ({ file: paths.vmmLog }),
    sweep: (plan, signal) => sweepQemu(host, plan, signal),
  };
}

async function probe(host: QemuHost, program: string, signal: AbortSignal): Promise<DriverProbe> {
  try {
    const { binary, version } = await host.locate(signal);
    const isOld = Number.parseInt(version) < OLDEST_MAJOR;
    const what = `QEMU ${version} is too old: ${String(OLDEST_MAJOR)}.0 is the oldest that works`;
    return { binary, version, problems: isOld ? [{ what, hint: INSTALL }] : [], lacks: [] };
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const problem = { what: error.message, hint: error.hint ?? INSTALL };
    return { version: '', binary: program, problems: [problem], lacks: [] };
  }
}
