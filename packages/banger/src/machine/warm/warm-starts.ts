import type { Operation } from '../operation.ts';
import type { MachinePlan } from '../plan.ts';

/** Where starts get a beginning that is not the kernel's first instruction. */
export interface WarmStarts {
  /**
   * Runs `attempt` with the plan begun from a template of that depth, which is made if there is none. A template that
   * turns out to be of no use is removed and made anew, once and with a warning; then, and where templates cannot be had
   * or are switched off, `attempt` runs with the plan as it is. What fails for other reasons fails.
   */
  from<T>(
    depth: 't0' | 't1',
    request: WarmRequest,
    attempt: (plan: MachinePlan) => Promise<T>,
  ): Promise<T>;
}

export interface WarmRequest {
  /** From power-on */
  readonly plan: MachinePlan;
  readonly operation: Operation;
}

/** Templates are switched off. */
export const alwaysCold: WarmStarts = {
  from: (_depth, { plan }, attempt) => attempt(plan),
};
