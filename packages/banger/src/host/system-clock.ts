import { setTimeout as delay } from 'node:timers/promises';

import type { Clock } from './clock.ts';

/** The clock of this computer. */
export function createSystemClock(): Clock {
  return {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    async wait(ms, signal) {
      signal.throwIfAborted();
      try {
        await delay(ms, undefined, { signal });
      } catch (error) {
        signal.throwIfAborted(); // Node wraps the reason; callers are promised the reason itself.
        throw error;
      }
    },
  };
}
