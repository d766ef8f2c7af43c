import { open } from 'node:fs/promises';

/** A new file that is written from its beginning to its end, with holes where there are only zeros. */
export interface SparseFile extends AsyncDisposable {
  /** So far */
  readonly sizeBytes: number;
  append(bytes: Buffer): Promise<void>;
  /** Gives it its size, and puts it on the disk for good */
  end(): Promise<void>;
}

/** Of file systems */
const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

export async function createSparseFile(path: string): Promise<SparseFile> {
  const file = await open(path, 'wx', 0o600);
  let sizeBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async append(bytes) {
      for (const { from, to } of dataIn(bytes)) {
        let at = from;
        while (at < to) {
          const { bytesWritten } = await file.write(bytes, at, to - at, sizeBytes + at);
          at += bytesWritten;
        }
      }
      sizeBytes += bytes.length;
    },
    async end() {
      await file.truncate(sizeBytes);
      await file.sync();
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Runs of blocks that are not all zeros. */
function* dataIn(bytes: Buffer): Generator<{ readonly from: number; readonly to: number }> {
  let from: number | undefined;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const isHole = block.equals(
      block.length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, block.length),
    );
    if (!isHole) from ??= at;
    else if (from !== undefined) {
      yield { from, to: at };
      from = undefined;
    }
  }
  if (from !== undefined) yield { from, to: bytes.length };
}
