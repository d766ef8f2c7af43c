import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import { BLOCK_BYTES } from './format.ts';

const CHUNK_BYTES = 1024 * 1024;
const zeros = Buffer.alloc(CHUNK_BYTES);

export interface SinkOptions {
  readonly signal: AbortSignal;
  /** Told how much is written after each chunk */
  readonly onWritten: (doneBytes: number) => void;
}

/**
 * Writes a file from its beginning to its end, and hashes it on the way. Chunks of nothing but zeros are left out: the
 * file is sparse there. Additions answer with a promise only when they have to wait: most of them only fill a buffer.
 */
export class BlockSink {
  readonly #file: FileHandle;
  readonly #options: SinkOptions;
  readonly #hash = createHash('sha256');
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #written = 0;

  constructor(file: FileHandle, options: SinkOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Bytes so far */
  get position(): number {
    return this.#written + this.#filled;
  }

  add(bytes: Buffer): Promise<void> | undefined {
    if (bytes.length < CHUNK_BYTES - this.#filled) {
      this.#filled += bytes.copy(this.#chunk, this.#filled);
      return undefined;
    }
    return this.#addAndFlush(bytes);
  }

  addZeros(count: number): Promise<void> | undefined {
    if (count < CHUNK_BYTES - this.#filled) {
      this.#chunk.fill(0, this.#filled, this.#filled + count);
      this.#filled += count;
      return undefined;
    }
    return this.#addManyZeros(count);
  }

  /** To the next block */
  pad(): Promise<void> | undefined {
    return this.addZeros((BLOCK_BYTES - (this.position % BLOCK_BYTES)) % BLOCK_BYTES);
  }

  /** Resolves with the hash of all when all is written. */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#file.truncate(this.#written);
    return this.#hash.digest('hex');
  }

  async #addAndFlush(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(this.#chunk, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === CHUNK_BYTES) await this.#flush();
    }
  }

  async #addManyZeros(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const part = Math.min(left, CHUNK_BYTES);
      await this.#addAndFlush(zeros.subarray(0, part));
      left -= part;
    }
  }

  async #flush(): Promise<void> {
    this.#options.signal.throwIfAborted();
    const chunk = this.#chunk.subarray(0, this.#filled);
    this.#hash.update(chunk);
    if (!chunk.equals(zeros.subarray(0, chunk.length))) {
      await writeAll(this.#file, chunk, this.#written);
    }
    this.#written += this.#filled;
    this.#filled = 0;
    this.#options.onWritten(this.#written);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
