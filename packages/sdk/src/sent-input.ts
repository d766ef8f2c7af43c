/** Bytes that may be under way and not yet taken; half of what a daemon allows. */
const WINDOW_BYTES = 64 * 1024;

export interface InputPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/**
 * What was sent to a session and may have to be sent again: kept until it is said to be taken. Offsets count from the
 * first byte of all.
 */
export class SentInput {
  #pieces: InputPiece[] = [];
  #end = 0;
  #taken = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  /** Everything that was not taken, to be sent over a new connection */
  get pending(): readonly InputPiece[] {
    return this.#pieces;
  }

  /** Nothing more is wanted: whoever waits to send goes on, and sends nothing. */
  get isOver(): boolean {
    return this.#isOver;
  }

  add(bytes: Uint8Array, isLast: boolean): InputPiece {
    const piece = { offset: this.#end, bytes, isLast };
    this.#end += bytes.length;
    this.#pieces.push(piece);
    return piece;
  }

  /** All before `offset` is taken. */
  take(offset: number): void {
    this.#taken = Math.max(this.#taken, offset);
    this.#pieces = this.#pieces.filter((piece) => {
      const end = piece.offset + piece.bytes.length;
      return end > this.#taken || (piece.isLast && piece.bytes.length === 0 && end >= this.#taken);
    });
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#pieces = [];
    this.#wake?.();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (!this.#isOver && this.#end - this.#taken >= WINDOW_BYTES) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
