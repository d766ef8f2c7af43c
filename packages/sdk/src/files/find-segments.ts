import { Buffer } from 'node:buffer';
import { read as readLater } from 'node:fs';
import { promisify } from 'node:util';

import type { Segment } from '../tar/tar-entry.ts';

const read = promisify(readLater);
const WINDOW_BYTES = 1024 * 1024;
/** Shorter holes are sent as the zeros they read as. */
const GRAIN_BYTES = 64 * 1024;
const zeros = Buffer.alloc(GRAIN_BYTES);

/**
 * What of a file is not zeros. Node has no SEEK_HOLE, so the file is read; holes are read at the speed of memory.
 * undefined: it is not worth telling.
 */
export async function findSegments(
  fd: number,
  size: number,
  signal: AbortSignal,
): Promise<readonly Segment[] | undefined> {
  const segments: { at: number; size: number }[] = [];
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const { bytesRead } = await read(fd, window, 0, Math.min(WINDOW_BYTES, size - at), at);
    if (bytesRead === 0) break; // It shrank, which reading its content will tell.
    for (let grain = 0; grain < bytesRead; grain += GRAIN_BYTES) {
      const bytes = window.subarray(grain, Math.min(grain + GRAIN_BYTES, bytesRead));
      if (bytes.equals(zeros.subarray(0, bytes.length))) continue;
      const last = segments.at(-1);
      if (last !== undefined && last.at + last.size === at + grain) last.size += bytes.length;
      else segments.push({ at: at + grain, size: bytes.length });
    }
    at += bytesRead;
  }
  const [first] = segments;
  return segments.length === 1 && first?.size === size ? undefined : segments;
}
