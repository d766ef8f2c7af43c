import { z } from 'zod';

/** Of names in catalogs: a part of a file's name, and never mistaken for an option or a path. */
export const CatalogName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/);

/** As OCI names machines (image-spec, image-index.md, "platform"). */
export const Architecture = z.enum(['amd64', 'arm64']);
export type Architecture = z.infer<typeof Architecture>;

/** Of this machine; undefined: no bundle is for it. */
export function hostArchitecture(): Architecture | undefined {
  return ({ x64: 'amd64', arm64: 'arm64' } as const)[process.arch as string];
}

/** A bundle is never larger, packed or not: the drives of a guest hold no more. */
export const MAX_BUNDLE_BYTES = 64 * 1024 ** 3;

/** A bundle on a web server or in a directory: an image's or a kernel's. */
export const BundleEntry = z.object({
  name: CatalogName,
  kind: z.literal('bundle'),
  description: z.string().max(1000).default(''),
  architecture: Architecture,
  /** Absolute, or relative to where the catalog is */
  url: z.string().min(1).max(4096),
  /** Of the file, packed as it is */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().positive().max(MAX_BUNDLE_BYTES),
});
export type BundleEntry = z.infer<typeof BundleEntry>;
