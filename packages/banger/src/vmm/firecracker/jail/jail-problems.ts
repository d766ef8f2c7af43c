import type { HostProblem } from '../../../host/host-problem.ts';
import type { Processes } from '../../../host/processes.ts';

export interface JailPrograms {
  readonly jailer: string;
  readonly firecracker: string;
  readonly processes: Processes;
}

/** Why VMs cannot be jailed here: not root, no jailer, or one of another version than Firecracker's. */
export async function jailProblems(
  { jailer, firecracker, processes }: JailPrograms,
  signal: AbortSignal,
): Promise<readonly HostProblem[]> {
  if (process.getuid?.() !== 0)
    return [{ what: 'only root can jail VMs', hint: 'sudo banger system install' }];
  if ((await processes.find(jailer)) === undefined) {
    const hint = 'Install the jailer of your Firecracker release, or set jailer_bin';
    return [{ what: `the program "${jailer}" is not there`, hint }];
  }
  const version = async (program: string) => {
    const { stdout } = await processes.run([program, '--version'], { signal });
    return /\bv(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? 'unknown';
  };
  if ((await processes.find(firecracker)) === undefined) return [];
  const [jailers, firecrackers] = await Promise.all([version(jailer), version(firecracker)]);
  if (jailers === firecrackers) return [];
  const what = `the jailer is ${jailers}, Firecracker ${firecrackers}: they belong together`;
  return [{ what, hint: 'Set jailer_bin and firecracker_bin to programs of one release' }];
}
