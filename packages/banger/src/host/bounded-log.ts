import { open, stat, truncate } from 'node:fs/promises';

/** A guest decides how much it prints; the host decides how much it keeps. */
export const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const KEPT_BYTES = 1024 * 1024;

/**
 * Cuts a log that has grown past the limit down to its last MiB. Its writer appends (O_APPEND), so it goes on at the
 * new end; what it writes during the cut may be lost.
 */
export async function boundLog(file: string, limitBytes = LOG_LIMIT_BYTES): Promise<void> {
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => 0, // No log yet, or none any more.
  );
  if (size <= limitBytes) return;
  await using log = await open(file, 'r');
  const kept = Buffer.alloc(Math.min(KEPT_BYTES, size));
  await log.read(kept, 0, kept.length, size - kept.length);
  await truncate(file, 0);
  await using writer = await open(file, 'a');
  await writer.write(kept);
}
