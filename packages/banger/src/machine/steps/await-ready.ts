import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';

import type { Progress } from '../../host/work.ts';
import { isBooted } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

const READY_DEADLINE_MS = { kvm: 60_000, tcg: 300_000 } as const;

/** Waits until the image's init says that start-up is over. A degraded system is handed out, with a warning. */
export function awaitReady(running: RunningVms, progress: Progress): Step {
  return {
    name: 'await-ready',
    text: 'Waiting for the system to come up',
    async run(plan, signal) {
      if (isBooted(plan.start)) return;
      const guest = running.get(plan.id)?.guest;
      assert(guest, 'greet-guest comes before await-ready');
      const deadline = AbortSignal.timeout(READY_DEADLINE_MS[plan.spec.accel]);
      const ready = await guest
        .ready(AbortSignal.any([signal, deadline]))
        .catch((cause: unknown) => {
          if (signal.aborted || !deadline.aborted) throw cause;
          throw new BangerError('guest.unreachable', 'the system did not finish starting in time', {
            cause,
            hint: `banger vm logs ${plan.spec.name}`,
          });
        });
      if (ready.state !== 'running') {
        progress.warn(`The guest's system is ${ready.state}: ${ready.failedUnits.join(', ')}`);
      }
    },
    undo: () => Promise.resolve(),
  };
}
