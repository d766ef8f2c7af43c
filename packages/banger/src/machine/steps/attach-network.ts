import type { NetworkMode } from '../../network/network-mode.ts';
import type { MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';

/** What the monitor's network card is connected to on the host. */
export function attachNetwork(networkOf: (plan: MachinePlan) => NetworkMode): Step {
  return {
    name: 'attach-network',
    text: 'Connecting the network',
    run: (plan, signal) => networkOf(plan).attach(plan, signal),
    undo: (plan, signal) => networkOf(plan).detach(plan, signal),
  };
}
