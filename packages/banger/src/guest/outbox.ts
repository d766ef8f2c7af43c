/**
 * Messages on their way into a stream of requests. `put` resolves when the one that writes has come back for more, so
 * that waiting for it is back-pressure.
 */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #waiting: { readonly message: T; readonly taken: () => void }[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  put(message: T): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ message, taken });
      this.#wake?.();
    });
  }

  /** After what was put before, nothing more comes. May be repeated. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          yield next.message;
          next.taken();
        } else if (this.#isClosed) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.#isClosed = true; // Whoever wrote is gone: nobody waits for it in vain.
      for (const { taken } of this.#waiting.splice(0)) taken();
    }
  }
}
