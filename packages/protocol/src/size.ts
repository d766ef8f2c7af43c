import { z } from 'zod';

/** The texts are in a file without zod, for programs that have to start fast. */
export * from './size-text.ts';

/** A size in whole MiB, up to 64 TiB. */
export const Mib = z
  .int()
  .positive({ error: 'a size is at least 1M' })
  .max(1024 * 1024 * 64, { error: 'a size is at most 64T' });
