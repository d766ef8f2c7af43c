import type { QmpEvent } from './qmp-messages.ts';

/** Hands every event of a monitor to those who listen at that moment. */
export class QemuEvents {
  readonly #listeners = new Set<(event: QmpEvent) => void>();

  /** Until the result is disposed. */
  listen(listener: (event: QmpEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  tell(event: QmpEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
