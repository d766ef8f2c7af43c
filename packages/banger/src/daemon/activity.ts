/** Counts what a restart of the daemon would break: requests under way, streams, leases. */
export interface Activity {
  readonly busy: number;
  begin(): Disposable;
  /** Resolves when nothing is under way, or `signal` aborts */
  idle(signal: AbortSignal): Promise<void>;
}

export function createActivity(): Activity {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return {
    get busy() {
      return busy;
    },
    begin() {
      let open = true;
      busy += 1;
      return {
        [Symbol.dispose]() {
          if (open) busy -= 1;
          open = false;
          if (busy === 0) for (const resolve of waiting.splice(0)) resolve();
        },
      };
    },
    idle(signal) {
      if (busy === 0 || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };
}
