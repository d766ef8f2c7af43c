import { causeChain } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';

import type { MachineDeps } from './machine-deps.ts';
import type { Journal } from './run-steps.ts';

/** The journal of one VM under one operation. */
export function journalOf(deps: MachineDeps, vm: VmId, operation: string): Journal {
  return {
    record(step, phase, error) {
      const at = deps.clock.now().toISOString();
      const text = error === undefined ? null : causeChain(error).join(': ');
      deps.journal.add({ vm, at, operation, step, phase, error: text });
      deps.onJournal?.(vm, step, phase);
    },
  };
}
