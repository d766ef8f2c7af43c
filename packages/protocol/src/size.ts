import { z } from 'zod';

import { MAX_MIB } from './size-text.ts';

/** The texts are in a file without zod, for programs that have to start fast. */
export * from './size-text.ts';

/** A size in whole MiB, up to 64 TiB. */
export const Mib = z
  .int()
  .positive({ error: 'a size is at least 1M' })
  .max(MAX_MIB, { error: 'a size is at most 64T' });
