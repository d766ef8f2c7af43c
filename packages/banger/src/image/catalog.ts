import { z } from 'zod';

import { BundleEntry, CatalogName } from '../catalog/bundle-entry.ts';
import entries from './catalog.json' with { type: 'json' };

const PackageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/);

/** Made on the spot from Debian's archive. */
export const DebianImage = z.object({
  name: CatalogName,
  kind: z.literal('debian'),
  description: z.string().max(1000),
  /** Who is process 1 */
  init: z.enum(['image', 'agent']),
  suite: z.string().regex(/^[a-z]+$/),
  /** Beyond what is essential in Debian, and apt */
  packages: z.array(PackageName).min(1),
  /** Adds mise, which Debian does not have, when npm can get it */
  mise: z.boolean(),
});
export type DebianImage = z.infer<typeof DebianImage>;

/** Pulled from a registry. */
export const OciImage = z.object({
  name: CatalogName,
  kind: z.literal('oci'),
  description: z.string().max(1000).default(''),
  /** `registry.example/team/image:tag`, as Docker reads it */
  reference: z.string().min(1).max(1024),
});
export type OciImage = z.infer<typeof OciImage>;

export const ImageCatalogEntry = z.discriminatedUnion('kind', [DebianImage, BundleEntry, OciImage]);
export type ImageCatalogEntry = z.infer<typeof ImageCatalogEntry>;

/** What can be pulled by name without any configuration. */
export const imageCatalog: readonly DebianImage[] = z.array(DebianImage).parse(entries);
