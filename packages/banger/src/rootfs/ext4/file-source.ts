import { open } from 'node:fs/promises';

import type { ContentSource } from '../file-tree.ts';

const CHUNK_BYTES = 256 * 1024;

/** A file of the host, read from any place at the cost of that place alone. */
export function fileSource(path: string): ContentSource {
  return {
    name: `"${path}"`,
    isSeekable: true,
    async *read(from, signal) {
      await using file = await open(path);
      for (let at = from; ;) {
        signal.throwIfAborted();
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    },
  };
}
