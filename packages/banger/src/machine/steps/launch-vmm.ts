import type { VmmDriver } from '../../vmm/driver.ts';
import type { MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

/** Starts the monitor. The handle is owned by `RunningVms` from then on. */
export function launchVmm(driverOf: (plan: MachinePlan) => VmmDriver, running: RunningVms): Step {
  return {
    name: 'launch-vmm',
    text: 'Starting the monitor',
    async run(plan, signal) {
      const driver = driverOf(plan);
      await driver.sweep(plan, signal); // A crashed daemon may have left one.
      running.own(plan.id, await driver.launch(plan, signal));
    },
    async undo(plan, signal) {
      await running.end(plan.id);
      await driverOf(plan).sweep(plan, signal);
    },
  };
}
