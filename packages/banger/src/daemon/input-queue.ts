/** Values pushed by one side and read by one other, in order; the reader waits, the writer may ask how much waits. */
export class InputQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  readonly #onDrained: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  get length(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#ended) return;
    this.#values.push(value);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#tellDrained();
  }

  /** Resolves when the reader has taken everything, or will take no more. */
  drained(): Promise<void> {
    if (this.#values.length === 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.#values.shift();
      if (this.#values.length === 0) this.#tellDrained();
      if (value !== undefined) yield value;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #tellDrained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}
