/** Tells of a trouble once, however often it is met on end, and anew when it is another one or was over meanwhile. */
export class TroubleNote {
  readonly #tell: (error: unknown) => void;
  #text: string | undefined;

  constructor(tell: (error: unknown) => void) {
    this.#tell = tell;
  }

  /** The one that is not over yet */
  get text(): string | undefined {
    return this.#text;
  }

  note(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text === this.#text) return;
    this.#text = text;
    this.#tell(error);
  }

  clear(): void {
    this.#text = undefined;
  }
}
