import { join } from 'node:path';

import type { MachinePlan } from '../../machine/plan.ts';

export interface SavingPaths {
  /** Monitor of the QEMU that receives the state of a running one */
  readonly monitorSocket: string;
  /** Where it takes that */
  readonly incomingSocket: string;
  /** Where the daemon takes the devices that go into a file */
  readonly stateSocket: string;
  /** There as long as a VM that ran is kept from running by a save */
  readonly ranMark: string;
}

/** What is in a VM's run directory only while it is being saved; no name is longer than that of the agent's socket. */
export function savingPaths({ paths: { runDir } }: MachinePlan): SavingPaths {
  return {
    monitorSocket: join(runDir, 'save-m.sock'),
    incomingSocket: join(runDir, 'save-r.sock'),
    stateSocket: join(runDir, 'save-s.sock'),
    ranMark: join(runDir, 'save-ran'),
  };
}
