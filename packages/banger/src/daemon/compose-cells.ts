import { helpedJails } from '../helper/helped-jails.ts';
import { createHelperConnection } from '../helper/helper-connection.ts';
import { createHelperJailHost } from '../helper/helper-jail-host.ts';
import { JAIL_SOCKET } from '../helper/helper-settings.ts';
import type { ConfigValues } from '../host/config-keys.ts';
import type { HostProblem } from '../host/host-problem.ts';
import type { BangerPaths } from '../host/paths.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { Cells } from '../vmm/firecracker/cell.ts';
import { missingControllers, readCgroupMounts } from '../vmm/firecracker/jail/cgroup-mounts.ts';
import { chooseCells } from '../vmm/firecracker/jail/choose-cells.ts';
import { createJailHost, type JailHostSettings } from '../vmm/firecracker/jail/create-jail-host.ts';
import type { JailHost } from '../vmm/firecracker/jail/jail-host.ts';
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

/** The helper is started by the first request. */
const LOOK_MS = 30_000;
const SWEEP_MS = 60_000;

const sinceTheStart: HostProblem = {
  what: 'they could not be had when this daemon was started',
  hint: 'banger daemon restart',
};

/** Looks at the host and changes nothing. */
export async function composeCells({ config, paths, uid }: CellsOptions): Promise<ComposedCells> {
  const processes = createSystemProcesses();
  const clock = createSystemClock();
  const firecracker = config.firecracker_bin ?? 'firecracker';
  const versions = createVersionProbe({ processes, clock });
  const host = jailHostFor({ config, paths, uid }, { processes, clock, versions });
  const view = async (signal: AbortSignal) => {
    if ((await processes.find(firecracker)) === undefined) return undefined;
    return {
      isEnabled: config.jailer_enabled,
      problems: await host.problems(signal),
      missing: missingControllers(readCgroupMounts()),
    };
  };
  // A helper that does not answer keeps VMs out of jails, and no daemon from its start.
  const found = await view(AbortSignal.timeout(LOOK_MS)).catch(() => undefined);
  const isJailing = found?.isEnabled === true && found.problems.length === 0;
  const jailed = createJailedCells({ host, banger: paths.stateDir, processes, clock });
  const open = createOpenCells({ processes, clock });
  const cells = chooseCells({ jailed, open, host, isJailing });
  return {
    cells,
    versions,
    tapUserOf: (plan) =>
      plan.spec.vmm === 'firecracker' && cells.isJailed(plan)
        ? jailUidOf(plan, paths.stateDir)
        : undefined,
    async view(signal) {
      const now = await view(signal);
      const isLate = now?.isEnabled === true && now.problems.length === 0 && !isJailing;
      return isLate ? { ...now, problems: [sinceTheStart] } : now;
    },
    async sweep(vms, log) {
      const known = new Set([...vms].map(({ id }) => jailIdOf(id)));
      for (const err of await sweepJails(host, known, AbortSignal.timeout(SWEEP_MS)))
        log.error({ err }, 'cannot remove a jail');
    },
  };
}

type JailingHost = Required<Pick<JailHostSettings, 'processes' | 'clock' | 'versions'>>;

/** Root does it in this process, the helper for anybody else it is installed for. */
function jailHostFor({ config, paths, uid }: CellsOptions, host: JailingHost): JailHost {
  const parts = {
    banger: paths.stateDir,
    owner: { uid, gid: process.getgid?.() ?? uid },
    jailer: config.jailer_bin ?? 'jailer',
    firecracker: config.firecracker_bin ?? 'firecracker',
  };
  if (uid === 0) return createJailHost({ ...parts, ...host, base: paths.jails });
  const connection = createHelperConnection(JAIL_SOCKET);
  const base = helpedJails(paths.stateDir);
  return createHelperJailHost({
    ...parts,
    clock: host.clock,
    connection,
    socket: JAIL_SOCKET,
    base,
  });
}
