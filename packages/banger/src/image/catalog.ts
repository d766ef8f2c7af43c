import { z } from 'zod';

import entries from './catalog.json' with { type: 'json' };

const PackageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/);

/** Made on the spot from Debian's archive. */
export const DebianImage = z.object({
  name: z.string().min(1),
  kind: z.literal('debian'),
  description: z.string(),
  /** Who is process 1 */
  init: z.enum(['image', 'agent']),
  suite: z.string().regex(/^[a-z]+$/),
  /** Beyond what is essential in Debian, and apt */
  packages: z.array(PackageName).min(1),
  /** Adds mise, which Debian does not have, when npm can get it */
  mise: z.boolean(),
});
export type DebianImage = z.infer<typeof DebianImage>;

export const ImageCatalogEntry = z.discriminatedUnion('kind', [DebianImage]);
export type ImageCatalogEntry = z.infer<typeof ImageCatalogEntry>;

/** Every image that can be pulled by name. */
export const imageCatalog: readonly ImageCatalogEntry[] = z.array(ImageCatalogEntry).parse(entries);
