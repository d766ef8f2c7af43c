import type { DoctorRow } from '@banger/protocol/doctor';

import type { HostProblem } from '../host/host-problem.ts';
import type { TapPoolStatus } from '../network/bridge/tap-pool.ts';

export interface NetworksView {
  /** `network` of the configuration */
  readonly wanted: 'auto' | 'user' | 'bridge';
  readonly bridge: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Why VMs cannot be on the bridge; none: they can */
  readonly problems: readonly HostProblem[];
  /** What holds guests to it, `nftables`; undefined where the helper knows */
  readonly rules: string | undefined;
  readonly pool: TapPoolStatus & { readonly size: number };
  /** Of user mode with Firecracker; undefined where there is no Firecracker */
  readonly firecracker:
    | {
        /** Why there is none */
        readonly problem: HostProblem | undefined;
      }
    | undefined;
}

/** Which networks VMs may be on, and why not. */
export function networkRows(view: NetworksView): readonly DoctorRow[] {
  const { wanted, problems } = view;
  const user = 'user mode (needs nothing); each guest reaches out through its monitor';
  return [
    {
      name: 'network',
      status: 'PASS',
      detail: wanted === 'bridge' ? `${user}; network is "bridge"` : user,
    },
    ...firecrackerRow(view),
    ...(problems.length === 0
      ? [possible(view)]
      : problems.map((problem) => impossible(problem, wanted === 'bridge'))),
  ];
}

/** QEMU runs what Firecracker cannot. */
function firecrackerRow({ firecracker }: NetworksView): readonly DoctorRow[] {
  if (firecracker === undefined) return [];
  const name = 'firecracker network';
  const { problem } = firecracker;
  if (problem === undefined) {
    const detail = 'user mode by slirp4netns, in a namespace of each VM’s own';
    return [{ name, status: 'PASS', detail }];
  }
  const detail = `no user mode: ${problem.what}`;
  return [{ name, status: 'WARN', detail, fix: problem.hint }];
}

const NAME = 'bridge network';

function possible({ wanted, bridge, rules, pool }: NetworksView): DoctorRow {
  const place = `${bridge.name}, ${bridge.subnet}, this host is ${bridge.gateway}`;
  const detail = rules === undefined ? place : `${place}; rules by ${rules}`;
  if (pool.trouble !== undefined) {
    const why = `${detail}; no taps can be made ahead: ${pool.trouble}`;
    return { name: NAME, status: 'WARN', detail: why, fix: 'banger daemon logs' };
  }
  if (wanted === 'bridge' && pool.room < pool.size) {
    const left = `${detail}; there is room for ${String(pool.room)} more VMs`;
    return { name: NAME, status: 'WARN', detail: left, fix: 'banger vm prune' };
  }
  return { name: NAME, status: 'PASS', detail };
}

/** Whoever does not want it can do without. */
function impossible({ what, hint }: HostProblem, isWanted: boolean): DoctorRow {
  return { name: NAME, status: isWanted ? 'FAIL' : 'WARN', detail: what, fix: hint };
}
