import type { DoctorRow } from '@banger/protocol/doctor';

import type { HostProblem } from '../host/host-problem.ts';

export interface NetworksView {
  /** `network` of the configuration */
  readonly wanted: 'auto' | 'user' | 'bridge';
  readonly bridge: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Why VMs cannot be on the bridge; none: they can */
  readonly problems: readonly HostProblem[];
}

/** Which networks VMs may be on, and why not. */
export function networkRows({ wanted, bridge, problems }: NetworksView): readonly DoctorRow[] {
  const user = 'user mode (needs nothing); each guest reaches out through its monitor';
  return [
    {
      name: 'network',
      status: 'PASS',
      detail: wanted === 'bridge' ? `${user}; network is "bridge"` : user,
    },
    ...(problems.length === 0
      ? [possible(bridge)]
      : problems.map((problem) => impossible(problem, wanted === 'bridge'))),
  ];
}

const NAME = 'bridge network';

function possible({ name, subnet, gateway }: NetworksView['bridge']): DoctorRow {
  return { name: NAME, status: 'PASS', detail: `${name}, ${subnet}, this host is ${gateway}` };
}

/** Whoever does not want it can do without. */
function impossible({ what, hint }: HostProblem, isWanted: boolean): DoctorRow {
  return { name: NAME, status: isWanted ? 'FAIL' : 'WARN', detail: what, fix: hint };
}
