import type { VmSpec } from '@banger/protocol/vm';

import type { HiddenPurpose } from '../population.ts';
import type { Supervisor } from '../supervisor.ts';

/** Machines that no user has asked for: they are supervised, recorded and recovered like all others, and never shown. */
export interface HiddenMachines {
  /** Stores a record; nothing of it is made yet */
  insert(purpose: HiddenPurpose, spec: VmSpec): Supervisor;
  delete(vm: Supervisor): Promise<void>;
  /** An address that no other VM has */
  addressIndex(): number;
}
