import type { NetworkName } from '@banger/protocol/vm';

import type { HostProblem } from '../host/host-problem.ts';
import type { MachinePlan } from '../machine/plan.ts';

/** One way for a guest to reach others. A plan says which of them it uses (`network.mode`). */
export interface NetworkMode {
  readonly name: NetworkName;

  /** Looks at the host and changes nothing. No problems means that VMs can have it. */
  problems(signal: AbortSignal): Promise<readonly HostProblem[]>;

  /**
   * Begins to attach, and resolves when a monitor can be started with what the plan's network names: at once where the host
   * has it already. Its guest may not run before `attach`, which waits for what was begun here and tells how it went.
   */
  prepare(plan: MachinePlan, signal: AbortSignal): Promise<void>;

  /** Resolves when a guest may run with what the plan's network names. Repeatable; puts right what somebody else undid. */
  attach(plan: MachinePlan, signal: AbortSignal): Promise<void>;

  /** Afterwards the host has nothing of it. Repeatable, also where nothing was attached. */
  detach(plan: MachinePlan, signal: AbortSignal): Promise<void>;
}
