import type { ContentSource } from './file-tree.ts';

const WORTH_A_SEEK_BYTES = 1024 * 1024;

/** A place in a source that moves on. To go back is possible, and costs what `read` costs. */
export class SourceReader implements AsyncDisposable {
  readonly source: ContentSource;
  readonly #signal: AbortSignal;
  #chunks: AsyncIterator<Buffer> | undefined;
  #chunk: Buffer = Buffer.alloc(0);
  /** Of the chunk's first byte */
  #position = 0;

  constructor(source: ContentSource, signal: AbortSignal) {
    this.source = source;
    this.#signal = signal;
  }

  /** What has been read already of a range, from its first byte on; undefined: not even that. */
  held(from: number, sizeBytes: number): Buffer | undefined {
    const start = from - this.#position;
    const isHeld = start >= 0 && start < this.#chunk.length;
    return isHeld ? this.#chunk.subarray(start, start + sizeBytes) : undefined;
  }

  /** All of a range, in pieces. */
  async *range(from: number, sizeBytes: number): AsyncGenerator<Buffer, void> {
    for (let at = from, left = sizeBytes; left > 0;) {
      const part = this.held(at, left) ?? (await this.#read(at, left));
      at += part.length;
      left -= part.length;
      yield part;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
  }

  async #read(from: number, most: number): Promise<Buffer> {
    if (this.#chunks === undefined || !this.#isNear(from)) await this.#open(from);
    for (;;) {
      const held = this.held(from, most);
      if (held !== undefined) return held;
      await this.#next();
    }
  }

  /** Whether reading on leads there soonest. */
  #isNear(from: number): boolean {
    if (from < this.#position) return false;
    const ahead = from - this.#position - this.#chunk.length;
    return this.source.isSeekable !== true || ahead < WORTH_A_SEEK_BYTES;
  }

  async #open(from: number): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#chunks = this.source.read(from, this.#signal)[Symbol.asyncIterator]();
    this.#chunk = Buffer.alloc(0);
    this.#position = from;
  }

  async #next(): Promise<void> {
    this.#position += this.#chunk.length;
    const next = await this.#chunks?.next();
    if (next === undefined || next.done === true) {
      throw new Error(`${this.source.name} ends before byte ${String(this.#position + 1)}`);
    }
    this.#chunk = next.value;
  }
}
