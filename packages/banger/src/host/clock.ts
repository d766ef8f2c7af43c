/** Time, so that tests need none. The only file that may call `Date.now` and `setTimeout`. */
export interface Clock {
  now(): Date;
  /** Milliseconds that only count up */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with `signal.reason` at once when it aborts */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
