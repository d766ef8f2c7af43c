import { readSync } from 'node:fs';

/** Bytes that travel in one piece */
export const PIECE_BYTES = 512 * 1024;

/** Kinds of what follows the head of a ship (guest/internal/workspace/stream.go) */
export const item = { content: 1, git: 2, end: 3 } as const;

/** How much could be read; the file position moves on. */
export function readFully(descriptor: number, bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const count = readSync(descriptor, bytes, at, bytes.length - at, null);
    if (count === 0) break;
    at += count;
  }
  return at;
}

/** The same bytes in pieces that are worth sending. */
export async function* inPieces(
  parts: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const part of parts) {
    waiting.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
