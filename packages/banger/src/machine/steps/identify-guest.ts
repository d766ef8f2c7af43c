import assert from 'node:assert/strict';

import type { Identifier } from '../identify.ts';
import { isBooted } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

/** Tells a restored guest who it is, before anything of the user's is started in it, and checks that it is. */
export function identifyGuest(running: RunningVms, identifier: Identifier): Step {
  return {
    name: 'identify-guest',
    text: 'Giving it its identity',
    async run(plan, signal) {
      if (!isBooted(plan.start)) return;
      const live = running.get(plan.id);
      assert(live, 'greet-guest comes before identify-guest');
      await identifier.identify(live, plan, signal);
    },
    undo: () => Promise.resolve(),
  };
}
