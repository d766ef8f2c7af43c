/** Work for one owner, one piece at a time, in the order it came. A piece may push the one under way aside. */
export class WorkQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #current: AbortController | undefined;

  /**
   * Runs `work` when everything before it has ended. `signal` ends the wait at once; once it runs, `work` gets a signal
   * that also aborts when somebody pre-empts it, and decides itself what that means.
   */
  async run<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#tail;
    const turn = Promise.withResolvers<undefined>();
    this.#tail = turn.promise;
    try {
      await untilAborted(before, signal);
    } catch (error) {
      void before.finally(() => turn.resolve(undefined)); // The place in the queue is given up in order.
      throw error;
    }
    const controller = new AbortController();
    this.#current = controller;
    try {
      return await work(AbortSignal.any([signal, controller.signal]));
    } finally {
      this.#current = undefined;
      turn.resolve(undefined);
    }
  }

  /** Aborts the work under way; what waits behind it stays. */
  preempt(reason: Error): void {
    this.#current?.abort(reason);
  }

  /** Resolves when everything that is queued now has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

async function untilAborted(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    // The reason is the caller's own and passed on unchanged.
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([wait, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
