import type { HostProblem } from '../../host/host-problem.ts';
import type { Processes } from '../../host/processes.ts';

export interface NeedSources {
  readonly processes: Processes;
  readonly hasTunDevice: () => Promise<boolean>;
}

/** What a bridge network lacks on this host, besides rights and rules. */
export async function missingForBridges(sources: NeedSources): Promise<readonly HostProblem[]> {
  const problems: HostProblem[] = [];
  for (const program of ['ip', 'bridge']) {
    if ((await sources.processes.find(program)) !== undefined) continue;
    problems.push({
      what: `"${program}" is not installed`,
      hint: 'sudo apt-get install iproute2',
    });
  }
  if (!(await sources.hasTunDevice()))
    problems.push({ what: '/dev/net/tun is not there', hint: 'sudo modprobe tun' });
  return problems;
}
