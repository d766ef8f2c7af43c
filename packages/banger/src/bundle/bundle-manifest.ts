import { z } from 'zod';

import { FileRecord } from '../artifact/file-digest.ts';
import { Architecture, MAX_BUNDLE_BYTES } from '../catalog/bundle-entry.ts';

export const BUNDLE_MANIFEST = 'manifest.json';
/** Real ones have a few KiB */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** A kernel's boot modules are the most that there is. */
const MAX_FILES = 256;

/** What every bundle's `manifest.json` has; what else there is depends on its kind. */
export const BundleBase = z.object({
  format: z.literal(1),
  architecture: Architecture,
  /** In the order in which they follow in the archive */
  files: z
    .record(z.string(), FileRecord)
    .refine((files) => Object.keys(files).length <= MAX_FILES, { error: 'too many files' })
    .refine((files) => totalBytes(files) <= MAX_BUNDLE_BYTES, { error: 'more than 64 GiB' }),
});
export type BundleBase = z.infer<typeof BundleBase>;

export function totalBytes(files: Readonly<Record<string, FileRecord>>): number {
  return Object.values(files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The same bytes for the same manifest: keys in the order of the schema that made it. */
export function encodeManifest(manifest: BundleBase): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
}
