import { createHash } from 'node:crypto';

import { z } from 'zod';

import { ImageConfig, noImageConfig } from '@banger/protocol/image-config';
import { ImageId } from '@banger/protocol/ids';

import { FileRecord } from '../artifact/file-digest.ts';

export const ROOT_DISK = 'rootfs.ext4';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** A layer in the cache of blobs, if it is still there (OCI image-spec, descriptor.md). */
export const StoredLayer = z.object({
  /** Of the blob as it is in a registry */
  digest: Digest,
  mediaType: z.string(),
  sizeBytes: z.int().nonnegative(),
  /** Of the uncompressed tar */
  diffId: Digest,
});
export type StoredLayer = z.infer<typeof StoredLayer>;

/** `manifest.json` of a stored image. */
export const ImageManifest = z.object({
  format: z.literal(1),
  name: z.string().min(1),
  kind: z.enum(['debian', 'bundle', 'oci']),
  init: z.enum(['image', 'agent']),
  description: z.string(),
  createdAt: z.iso.datetime(),
  files: z.record(z.string(), FileRecord).refine((files) => ROOT_DISK in files),
  /** What somebody who wonders about this image should know, such as what it had to be made without */
  notes: z.array(z.string()),
  config: ImageConfig.default(noImageConfig),
  /** Lowest first; empty: it was not made of layers */
  layers: z.array(StoredLayer).default([]),
  /** Of the manifest that it was pulled by */
  digest: Digest.nullable().default(null),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

/** Named by what it is called, what is in it and how it is run, and not by when or from what it was made. */
export function imageIdOf({
  name,
  init,
  files,
  config,
}: Pick<ImageManifest, 'name' | 'init' | 'files' | 'config'>): ImageId {
  const content = JSON.stringify([name, init, files[ROOT_DISK]?.sha256, config]);
  const digest = createHash('sha256').update(content).digest('hex');
  return ImageId.parse(`img_${digest.slice(0, 16)}`);
}
