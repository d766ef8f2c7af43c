import { z } from 'zod';

/** What of a catalog's entry the daemon knows before a bundle is written; the rest is counted on the way. */
export const BundleHead = z.object({
  kind: z.enum(['image', 'kernel']),
  name: z.string(),
  description: z.string(),
  architecture: z.string(),
});
export type BundleHead = z.infer<typeof BundleHead>;

/** Carries a `BundleHead` as JSON, percent-encoded. */
export const BUNDLE_HEADER = 'banger-bundle';
