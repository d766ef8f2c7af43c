import { Buffer } from 'node:buffer';
import { read as readLater, readSync } from 'node:fs';
import { promisify } from 'node:util';

import type { ByteName } from '../tar/byte-name.ts';
import { explainFile, fileChanged } from './file-errors.ts';
import type { Segment } from '../tar/tar-entry.ts';

const read = promisify(readLater);
const PIECE_BYTES = 256 * 1024;

export interface OpenFile {
  readonly fd: number;
  /** For messages */
  readonly path: ByteName;
}

/** A part of a file, in pieces. A small one is read at once: waiting for it would take longer than reading it. */
export async function* readContent(
  { fd, path }: OpenFile,
  { at, size }: Segment,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  for (let done = 0; done < size;) {
    signal.throwIfAborted();
    const piece = Buffer.allocUnsafe(Math.min(size - done, PIECE_BYTES));
    const count = await readPiece({ fd, path }, piece, at + done);
    if (count === 0) throw fileChanged(path);
    yield piece.subarray(0, count);
    done += count;
  }
}

async function readPiece({ fd, path }: OpenFile, piece: Buffer, at: number): Promise<number> {
  try {
    if (piece.length < PIECE_BYTES) return readSync(fd, piece, 0, piece.length, at);
    return (await read(fd, piece, 0, piece.length, at)).bytesRead;
  } catch (error) {
    throw explainFile('read', path, error);
  }
}
