import { causeChain } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';

import type { StepDeps } from './machine-deps.ts';
import type { Journal } from './run-steps.ts';

/** The journal of one VM under one operation. */
export function journalOf(deps: StepDeps, vm: VmId, operation: string): Journal {
  return {
    record(step, phase, error) {
      const at = deps.clock.now().toISOString();
      const text = error === undefined ? null : causeChain(error).join(': ');
      deps.journal.add({ vm, at, operation, step, phase, error: text });
      deps.onJournal?.(vm, step, phase);
    },
  };
}

/** Work that is no step of a start, with lines of its own: where it was when its daemon died. */
export async function journaled<T>(
  journal: Journal,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  journal.record(step, 'started');
  const result = await work();
  journal.record(step, 'done');
  return result;
}
