import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { z } from 'zod';

/** A file as a manifest describes it. */
export const FileRecord = z.object({
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type FileRecord = z.infer<typeof FileRecord>;

const CHUNK_BYTES = 1024 * 1024;

export async function recordOf(file: string, signal: AbortSignal): Promise<FileRecord> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const chunks = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  try {
    await pipeline(
      chunks,
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) {
          sizeBytes += chunk.length;
          hash.update(chunk);
        }
      },
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted(); // Streams wrap the reason.
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** On the disk for good: what is published by a rename must survive the host's crash with its content. */
export async function flush(file: string): Promise<void> {
  await using handle = await open(file, 'r');
  await handle.sync();
}
