import { Buffer } from 'node:buffer';

/** Reads a stream of chunks by counts. It never holds more than one chunk, besides what it was asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  /** Of the chunk, what is read */
  #used = 0;
  /** Before the chunk */
  #before = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes read so far */
  get position(): number {
    return this.#before + this.#used;
  }

  /** So many bytes if they are here already: many small reads need not wait for each. */
  held(count: number): Buffer | undefined {
    if (this.#chunk.length - this.#used < count) return undefined;
    const bytes = this.#chunk.subarray(this.#used, this.#used + count);
    this.#used += count;
    return bytes;
  }

  /** At most `most` bytes, at least one; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    if (!(await this.#fill())) return undefined;
    return this.held(Math.min(most, this.#chunk.length - this.#used));
  }

  /** Exactly so many; fewer only at the end. */
  async exactly(count: number): Promise<Buffer> {
    const first = this.held(count) ?? (await this.some(count));
    if (first === undefined || first.length === count) return first ?? Buffer.alloc(0);
    const parts = [first];
    let missing = count - first.length;
    while (missing > 0) {
      const next = await this.some(missing);
      if (next === undefined) break;
      parts.push(next);
      missing -= next.length;
    }
    return Buffer.concat(parts);
  }

  /** Reads so many and forgets them, as far as they are here already; says how many are left. */
  skipHeld(count: number): number {
    const here = Math.min(count, this.#chunk.length - this.#used);
    this.#used += here;
    return count - here;
  }

  /** Reads so many and forgets them; fewer only at the end. Says how many were missing. */
  async skip(count: number): Promise<number> {
    let left = this.skipHeld(count);
    while (left > 0 && (await this.#fill())) left = this.skipHeld(left);
    return left;
  }

  /** Reads what is left and forgets it, so that whoever sends it can end. */
  async drain(): Promise<void> {
    await this.skip(Number.MAX_SAFE_INTEGER);
  }

  /** For a reader that wants no more. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Whether there is a byte to be read. */
  async #fill(): Promise<boolean> {
    while (this.#used === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#before += this.#chunk.length;
      this.#used = 0;
      const { buffer, byteOffset, byteLength } = next.value;
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
    }
    return true;
  }
}
