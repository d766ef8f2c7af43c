import type { ConfigValues } from '../host/config-keys.ts';
import type { BangerPaths } from '../host/paths.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { Cells } from '../vmm/firecracker/cell.ts';
import { missingControllers, readCgroupMounts } from '../vmm/firecracker/jail/cgroup-mounts.ts';
import { chooseCells } from '../vmm/firecracker/jail/choose-cells.ts';
import { createJailHost } from '../vmm/firecracker/jail/create-jail-host.ts';
import { createJailedCells, jailIdOf, jailUidOf } from '../vmm/firecracker/jail/jailed-cells.ts';
import { sweepJails } from '../vmm/firecracker/jail/sweep-jails.ts';
import { createOpenCells } from '../vmm/firecracker/open-cell.ts';
import { createVersionProbe, type VersionProbe } from '../vmm/version-probe.ts';
import type { DaemonLog } from './daemon-log.ts';
import type { JailsView } from './doctor-jails.ts';

export interface CellsOptions {
  readonly config: ConfigValues;
  readonly paths: BangerPaths;
  readonly uid: number;
}

/** Where Firecracker runs: in jails where they can be had, else in the open. */
export interface ComposedCells {
  readonly cells: Cells;
  /** By which both programs were asked, so that nobody waits for one that hangs again */
  readonly versions: VersionProbe;
  /** Who opens the VM's tap, when it is not whom the daemon runs as */
  readonly tapUserOf: (plan: MachinePlan) => number | undefined;
  /** For doctor; undefined where there is no Firecracker */
  view(signal: AbortSignal): Promise<JailsView | undefined>;
  /** Removes the jails of VMs that are not known any more. */
  sweep(vms: Iterable<{ readonly id: string }>, log: Pick<DaemonLog, 'error'>): Promise<void>;
}

const LOOK_MS = 10_000;
const SWEEP_MS = 60_000;

/** Looks at the host and changes nothing. */
export async function composeCells({ config, paths, uid }: CellsOptions): Promise<ComposedCells> {
  const processes = createSystemProcesses();
  const clock = createSystemClock();
  const versions = createVersionProbe({ processes, clock });
  const firecracker = config.firecracker_bin ?? 'firecracker';
  const host = createJailHost({
    base: paths.jails,
    owner: { uid, gid: process.getgid?.() ?? uid },
    banger: paths.stateDir,
    jailer: config.jailer_bin ?? 'jailer',
    ...{ firecracker, processes, clock, versions },
  });
  const view = async (signal: AbortSignal) => {
    if ((await processes.find(firecracker)) === undefined) return undefined;
    return {
      isEnabled: config.jailer_enabled,
      problems: await host.problems(signal),
      missing: missingControllers(readCgroupMounts()),
    };
  };
  const found = await view(AbortSignal.timeout(LOOK_MS));
  const isJailing = found?.isEnabled === true && found.problems.length === 0;
  const jailed = createJailedCells(host, paths.stateDir);
  const open = createOpenCells({ processes, clock });
  const cells = chooseCells({ jailed, open, host, isJailing });
  return {
    cells,
    versions,
    tapUserOf: (plan) =>
      plan.spec.vmm === 'firecracker' && cells.isJailed(plan)
        ? jailUidOf(plan, paths.stateDir)
        : undefined,
    view,
    async sweep(vms, log) {
      const known = new Set([...vms].map(({ id }) => jailIdOf(id)));
      for (const err of await sweepJails(host, known, AbortSignal.timeout(SWEEP_MS)))
        log.error({ err }, 'cannot remove a jail');
    },
  };
}
