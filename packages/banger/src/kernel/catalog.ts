import { z } from 'zod';

import { BundleEntry, CatalogName } from '../catalog/bundle-entry.ts';
import entries from './catalog.json' with { type: 'json' };

/** Made on the spot from Debian's signed package. */
export const DebianKernel = z.object({
  name: CatalogName,
  kind: z.literal('debian'),
  description: z.string().max(1000),
  suite: z.string().regex(/^[a-z]+$/),
  /** The meta package whose dependency is the kernel */
  package: z.string().regex(/^linux-image-[a-z0-9-]+$/),
});
export type DebianKernel = z.infer<typeof DebianKernel>;

export const KernelCatalogEntry = z.discriminatedUnion('kind', [DebianKernel, BundleEntry]);
export type KernelCatalogEntry = z.infer<typeof KernelCatalogEntry>;

/** What can be pulled by name without any configuration. */
export const kernelCatalog: readonly DebianKernel[] = z.array(DebianKernel).parse(entries);
