import type { HostProblem } from '../host/host-problem.ts';
import type { Processes } from '../host/processes.ts';
import { createSystemKernelSettings } from '../host/system-kernel-settings.ts';
import { ownNetworkProblem } from '../vmm/firecracker/own-network/own-network-problem.ts';

/** Whether Firecracker can have a user-mode network here. */
export interface OwnNetworkProbe {
  /** Why not; looks anew each time */
  problem(signal: AbortSignal): Promise<HostProblem | undefined>;
  /** The same for whoever starts a VM: where it was possible once it is taken to be, as it costs some programs to find out */
  lastingProblem(signal: AbortSignal): Promise<HostProblem | undefined>;
}

export function composeOwnNetwork(processes: Processes): OwnNetworkProbe {
  const kernel = createSystemKernelSettings();
  let worked = false;
  const problem = async (signal: AbortSignal) => {
    const found = await ownNetworkProblem({ processes, kernel }, signal);
    worked = found === undefined;
    return found;
  };
  return { problem, lastingProblem: async (signal) => (worked ? undefined : problem(signal)) };
}
