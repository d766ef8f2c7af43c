import { createHash } from 'node:crypto';

import { z } from 'zod';

import { ImageConfig, noImageConfig } from '@banger/protocol/image-config';
import { ImageId } from '@banger/protocol/ids';
import { ImageKind } from '@banger/protocol/image';

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

/** A file that banger reads and that belongs to somebody else. */
export const ForeignFile = z.object({
  path: z.string().startsWith('/'),
  sizeBytes: z.int().nonnegative(),
  mtimeMs: z.number(),
});
export type ForeignFile = z.infer<typeof ForeignFile>;

/** `manifest.json` of a stored image. */
export const ImageManifest = z
  .object({
    format: z.literal(1),
    name: z.string().min(1),
    kind: ImageKind,
    init: z.enum(['image', 'agent']),
    description: z.string(),
    createdAt: z.iso.datetime(),
    files: z.record(z.string(), FileRecord),
    /** The root file system when it is not among the files: the user's own, somewhere on this host, as it was */
    registered: ForeignFile.nullable().default(null),
    /** What somebody who wonders about this image should know, such as what it had to be made without */
    notes: z.array(z.string()),
    config: ImageConfig.default(noImageConfig),
    /** Lowest first; empty: it was not made of layers */
    layers: z.array(StoredLayer).default([]),
    /** Of the manifest that it was pulled by */
    digest: Digest.nullable().default(null),
    /** Which kernel it is made for; null: any */
    kernel: z.string().nullable().default(null),
  })
  .refine(({ files, registered }) => ROOT_DISK in files || registered !== null);
export type ImageManifest = z.infer<typeof ImageManifest>;

/** Named by what it is called, what is in it and how it is run, and not by when or from what it was made. */
export function imageIdOf({
  name,
  init,
  files,
  registered,
  config,
  kernel,
}: Pick<ImageManifest, 'name' | 'init' | 'files' | 'registered' | 'config' | 'kernel'>): ImageId {
  const root = registered ?? files[ROOT_DISK]?.sha256;
  const content = JSON.stringify([name, init, root, config, ...(kernel === null ? [] : [kernel])]);
  const digest = createHash('sha256').update(content).digest('hex');
  return ImageId.parse(`img_${digest.slice(0, 16)}`);
}
