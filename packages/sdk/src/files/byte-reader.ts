import { Buffer } from 'node:buffer';

/** Reads a stream of chunks by counts. It never holds more than one chunk, besides what it was asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes read so far */
  get position(): number {
    return this.#position;
  }

  /** At most `most` bytes, at least one; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      const { buffer, byteOffset, byteLength } = next.value;
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
    }
    const bytes = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Exactly so many; fewer only at the end. */
  async exactly(count: number): Promise<Buffer> {
    const first = await this.some(count);
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

  /** Reads what is left and forgets it, so that whoever sends it can end. */
  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  /** For a reader that wants no more. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
