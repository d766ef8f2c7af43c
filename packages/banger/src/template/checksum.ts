import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { createRangeFinder, type RangeFinderOptions } from './data-ranges.ts';
import { crcWithZeros } from './crc-with-zeros.ts';

/** CRC-32 over all of a file, its holes too. */
export type Checksum = (file: string, options: ChecksumOptions) => Promise<number>;

export interface ChecksumOptions {
  readonly signal: AbortSignal;
  /** Awaited after each few MiB, by those who are in no hurry */
  readonly breathe?: () => Promise<void>;
}

/** 1 ms of CPU, in which nothing else of the daemon runs. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Reads what is allocated; most of a memory or a disk is holes, whose zeros would cost seconds and the page cache. */
export function createChecksum(host: RangeFinderOptions): Checksum {
  const rangesIn = createRangeFinder(host);
  return async (file, { signal, breathe }) => {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    const chunk = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
    let sum = 0;
    let at = 0;
    let unbreathedBytes = 0;
    for (const range of await rangesIn(file, size, signal)) {
      sum = crcWithZeros(sum, range.from - at);
      at = range.from;
      while (at < range.to) {
        signal.throwIfAborted();
        const wantedBytes = Math.min(chunk.length, range.to - at);
        const { bytesRead } = await handle.read(chunk, 0, wantedBytes, at);
        if (bytesRead === 0) return sum; // It has become shorter, which its size tells.
        sum = crc32(chunk.subarray(0, bytesRead), sum);
        at += bytesRead;
        unbreathedBytes += bytesRead;
        if (unbreathedBytes < CHUNK_BYTES) continue;
        unbreathedBytes = 0;
        await breathe?.();
      }
    }
    return crcWithZeros(sum, size - at);
  };
}
