import type { VmId } from '@banger/protocol/ids';

import type { Guest } from '../guest/guest.ts';
import type { MachinePlan } from './plan.ts';
import type { VmChange, VmRecord } from './record.ts';
import type { LiveVm } from './running-vms.ts';

/** One VM as the work on it sees its supervisor: the record, and what may be done with it while it is one's turn. */
export interface OwnedVm {
  readonly id: VmId;
  readonly record: VmRecord;
  /** Stores a change and tells about the state if it is another */
  save(change: VmChange, operation: string): void;
  /** Stores the plan, before anything of it is made */
  adoptPlan(plan: MachinePlan, operation: string): void;
  /** From now on the end of this monitor is noticed and cleaned up after */
  watch(live: LiveVm): void;
  /** The connection to its agent, made anew if it broke */
  connect(live: LiveVm, signal: AbortSignal): Promise<Guest>;
}
