import type { DoctorRow } from '@banger/protocol/doctor';

import type { HostProblem } from '../host/host-problem.ts';

export interface JailsView {
  /** `jailer_enabled` */
  readonly isEnabled: boolean;
  /** Why VMs cannot be jailed; empty when they can */
  readonly problems: readonly HostProblem[];
}

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
  if (problem === undefined) {
    const detail = 'each Firecracker has a user, a root directory and limits of its own';
    return [{ name, status: 'PASS', detail }];
  }
  const detail = `Firecracker runs as your user, without a jail: ${problem.what}`;
  return [{ name, status: 'WARN', detail, fix: problem.hint }];
}
