import type { Clock } from '../../host/clock.ts';

/** How often and for how long a registry is asked again. */
export interface RetryLimits {
  /** In a row without any success */
  readonly attempts: number;
  /** Before the second attempt; then twice as much each time */
  readonly firstWaitMs: number;
  /** The most that a registry may make us wait by its own word */
  readonly longestWaitMs: number;
  /** All of a manifest, with all attempts */
  readonly manifestMs: number;
}

export const RETRY_LIMITS: RetryLimits = {
  attempts: 4,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
  manifestMs: 120_000,
};

/** Statuses that may be another the next time. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isTransientStatus(status: number): boolean {
  return TRANSIENT.has(status);
}

/** How long to wait before the next attempt; undefined: there is none, or it would be too long until then. */
export function waitBefore(
  limits: RetryLimits,
  { failed, retryAfter, now }: { failed: number; retryAfter?: string | undefined; now: Date },
): number | undefined {
  if (failed >= limits.attempts) return undefined;
  const backoffMs = limits.firstWaitMs * 2 ** (failed - 1);
  const askedMs = retryAfter === undefined ? 0 : retryAfterMs(retryAfter, now);
  return askedMs > limits.longestWaitMs ? undefined : Math.max(backoffMs, askedMs);
}

/** RFC 9110, section 10.2.3: seconds, or a date; 0 for what is neither. */
function retryAfterMs(text: string, now: Date): number {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now.getTime());
}

export interface Backoff {
  /** Waits for the next attempt; false: there is to be none */
  next(retryAfter?: string): Promise<boolean>;
  /** Something came of the last attempt */
  reset(): void;
}

export function createBackoff(limits: RetryLimits, clock: Clock, signal: AbortSignal): Backoff {
  let failed = 0;
  return {
    async next(retryAfter) {
      failed += 1;
      const waitMs = waitBefore(limits, { failed, retryAfter, now: clock.now() });
      if (waitMs === undefined) return false;
      await clock.wait(waitMs, signal);
      return true;
    },
    reset() {
      failed = 0;
    },
  };
}
