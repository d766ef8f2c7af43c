import type { NetworkMode } from '../../network/network-mode.ts';
import type { MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';

/**
 * What the monitor's network card is connected to on the host. A guest that is restored does not run at once, so its monitor
 * is started meanwhile.
 */
export function attachNetwork(networkOf: (plan: MachinePlan) => NetworkMode): Step {
  return {
    name: 'attach-network',
    text: 'Connecting the network',
    async run(plan, signal) {
      const network = networkOf(plan);
      await (isRestored(plan) ? network.prepare(plan, signal) : network.attach(plan, signal));
    },
    undo: (plan, signal) => networkOf(plan).detach(plan, signal),
  };
}

/** No guest runs before the host lets it do what its plan says, and nothing else. */
export function awaitNetwork(networkOf: (plan: MachinePlan) => NetworkMode): Step {
  return {
    name: 'await-network',
    text: 'Connecting the network',
    async run(plan, signal) {
      if (isRestored(plan)) await networkOf(plan).attach(plan, signal);
    },
    undo: () => Promise.resolve(), // By the step that began it.
  };
}

function isRestored({ start }: MachinePlan): boolean {
  return start.state !== null;
}
