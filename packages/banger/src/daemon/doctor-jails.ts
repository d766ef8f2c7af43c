import type { DoctorRow } from '@banger/protocol/doctor';

import type { HostProblem } from '../host/host-problem.ts';
import type { Controller } from '../vmm/firecracker/jail/cgroup-mounts.ts';

export interface JailsView {
  /** `jailer_enabled` */
  readonly isEnabled: boolean;
  /** Why VMs cannot be jailed; empty when they can */
  readonly problems: readonly HostProblem[];
  /** What this host has no control groups for */
  readonly missing: readonly Controller[];
}

const FREE: Readonly<Record<Controller, string>> = {
  memory: 'may take more of the host’s memory than its VM has',
  cpu: 'may take more of the host’s time than its vCPUs',
  pids: 'may start any number of threads',
};

/** Whether Firecracker runs in jails; undefined (no Firecracker here) needs no row. */
export function jailRows(view: JailsView | undefined): readonly DoctorRow[] {
  if (view === undefined) return [];
  const name = 'jailer';
  if (!view.isEnabled) {
    const detail = 'off by configuration: Firecracker runs as your user, with all that it may do';
    return [
      { name, status: 'WARN', detail, fix: 'BANGER_JAILER_ENABLED=true banger daemon restart' },
    ];
  }
  const [problem] = view.problems;
  if (problem === undefined) return [limitsRow(view.missing)];
  const detail = `Firecracker runs as your user, without a jail: ${problem.what}`;
  return [{ name, status: 'WARN', detail, fix: problem.hint }];
}

function limitsRow(missing: readonly Controller[]): DoctorRow {
  const name = 'jailer';
  if (missing.length === 0) {
    const detail = 'each Firecracker has a user, a root directory and limits of its own';
    return { name, status: 'PASS', detail };
  }
  const follows = missing.map((controller) => FREE[controller]).join(', ');
  return {
    name,
    status: 'WARN',
    detail: `each Firecracker has a user and a root directory of its own, but ${follows}: no control groups for ${missing.join(', ')} here`,
    fix: 'Boot with systemd.unified_cgroup_hierarchy=1 cgroup_enable=memory; in a container, run it with --cgroupns=host',
  };
}
