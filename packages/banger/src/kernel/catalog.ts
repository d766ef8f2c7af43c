import { z } from 'zod';

import entries from './catalog.json' with { type: 'json' };

export const KernelCatalogEntry = z.object({
  name: z.string().min(1),
  kind: z.literal('debian'),
  description: z.string(),
  suite: z.string().regex(/^[a-z]+$/),
  /** The meta package whose dependency is the kernel */
  package: z.string().regex(/^linux-image-[a-z0-9-]+$/),
});
export type KernelCatalogEntry = z.infer<typeof KernelCatalogEntry>;

/** Every kernel that can be pulled by name. */
export const kernelCatalog: readonly KernelCatalogEntry[] = z
  .array(KernelCatalogEntry)
  .parse(entries);
