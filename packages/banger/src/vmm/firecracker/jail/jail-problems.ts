import { BangerError } from '@banger/protocol/errors';

import type { HostProblem } from '../../../host/host-problem.ts';
import type { Processes } from '../../../host/processes.ts';
import type { VersionProbe } from '../../version-probe.ts';
import { firecrackerProgram, jailerProgram } from '../firecracker-versions.ts';

export interface JailPrograms {
  readonly jailer: string;
  readonly firecracker: string;
  readonly processes: Processes;
  readonly versions: VersionProbe;
}

/** Why VMs cannot be jailed here: not root, no jailer, or one of another version than Firecracker's. */
export async function jailProblems(
  programs: JailPrograms,
  signal: AbortSignal,
): Promise<readonly HostProblem[]> {
  const { processes, versions } = programs;
  if (process.getuid?.() !== 0)
    return [{ what: 'only root can jail VMs', hint: 'sudo banger system install' }];
  const jailer = await processes.find(programs.jailer);
  if (jailer === undefined) {
    const hint = 'Install the jailer of your Firecracker release, or set jailer_bin';
    return [{ what: `the program "${programs.jailer}" is not there`, hint }];
  }
  const firecracker = await processes.find(programs.firecracker);
  if (firecracker === undefined) return [];
  try {
    const [jailers, firecrackers] = await Promise.all([
      versions(jailerProgram, jailer, signal),
      versions(firecrackerProgram, firecracker, signal),
    ]);
    if (jailers === firecrackers) return [];
    const what = `the jailer is ${jailers}, Firecracker ${firecrackers}: they belong together`;
    return [{ what, hint: 'Set jailer_bin and firecracker_bin to programs of one release' }];
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return [{ what: error.message, hint: error.hint ?? 'banger doctor' }];
  }
}
