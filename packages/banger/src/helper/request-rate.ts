import type { Clock } from '../host/clock.ts';

/** Every VM of a full subnet started at once */
const BURST = 512;
const PER_SECOND = 128;

export interface RequestRate {
  /** Resolves when one more request may be worked on; rejects when the signal aborts. */
  take(signal: AbortSignal): Promise<void>;
}

/** A bucket that holds `BURST` requests and is filled with `PER_SECOND`. */
export function createRequestRate(clock: Clock): RequestRate {
  let left = BURST;
  let filledMs = clock.monotonicMs();
  return {
    async take(signal) {
      const nowMs = clock.monotonicMs();
      left = Math.min(BURST, left + ((nowMs - filledMs) / 1000) * PER_SECOND);
      filledMs = nowMs;
      left -= 1;
      if (left < 0) await clock.wait((-left / PER_SECOND) * 1000, signal);
    },
  };
}
