/** When a guest says nothing because it was stopped, and not because it is lost. */
export class Silence {
  readonly #holds = new Set<symbol>();
  #count = 0;

  get isExpected(): boolean {
    return this.#holds.size > 0;
  }

  /** How often it has been expected so far */
  get count(): number {
    return this.#count;
  }

  /** Until disposed; any number at a time, each of them disposed as often as anybody likes. */
  expect(): Disposable {
    const hold = Symbol();
    this.#holds.add(hold);
    this.#count += 1;
    return {
      [Symbol.dispose]: () => {
        this.#holds.delete(hold);
      },
    };
  }
}
