import type { Clock } from './clock.ts';

/** Time that stands still until `advance` moves it. */
export interface FakeClock extends Clock {
  /** Moves time, waking what falls due on the way, in order, each with its follow-up work done */
  advance(ms: number): Promise<void>;
  /** How many waits are under way */
  readonly waiting: number;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

export function createFakeClock(start = new Date('2026-01-01T00:00:00Z')): FakeClock {
  const sleepers = new Set<Sleeper>();
  let elapsedMs = 0;

  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    wait(ms, signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const end = () => {
          sleepers.delete(sleeper);
          signal.removeEventListener('abort', abort);
        };
        const abort = () => {
          end();
          reject(toError(signal.reason));
        };
        const sleeper = {
          dueMs: elapsedMs + ms,
          wake: () => {
            end();
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', abort);
      });
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      for (let next = earliest(sleepers); next !== undefined; next = earliest(sleepers)) {
        if (next.dueMs > untilMs) break;
        elapsedMs = Math.max(elapsedMs, next.dueMs);
        next.wake();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
    get waiting() {
      return sleepers.size;
    },
  };
}

function earliest(sleepers: ReadonlySet<Sleeper>): Sleeper | undefined {
  return [...sleepers].sort((a, b) => a.dueMs - b.dueMs)[0];
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Lets everything run that was woken: promise callbacks and I/O that is already there. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
