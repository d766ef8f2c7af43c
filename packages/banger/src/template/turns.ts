import { orAbort } from '../host/or-abort.ts';

/** Work on one key is done by one at a time, in the order in which it was asked for. */
export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  /** Aborting ends the wait for the turn; the work itself has to look after its signal. */
  async take<T>(key: Key, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: over, resolve: end } = Promise.withResolvers<undefined>();
    const turn = Promise.all([before, over]);
    this.#last.set(key, turn);
    void turn.then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    try {
      await orAbort(before, signal);
      return await work();
    } finally {
      end(undefined);
    }
  }
}
