import { z } from 'zod';

import { ImageConfig, noImageConfig } from './image-config.ts';
import { ImageId, KernelId } from './ids.ts';

/**
 * `debian`: made from Debian's archive; `bundle`: from a catalog; `oci`: from a registry, an archive or a Dockerfile;
 * `registered`: its root file system is the user's own file; `promoted`: a copy of such a file.
 */
export const ImageKind = z.enum(['debian', 'bundle', 'oci', 'registered', 'promoted']);
export type ImageKind = z.infer<typeof ImageKind>;

export const Image = z.object({
  id: ImageId,
  name: z.string(),
  kind: ImageKind,
  /** Who is process 1: the image's own init, or the agent */
  init: z.enum(['image', 'agent']),
  /** Of the root file system's file */
  sizeBytes: z.number(),
  createdAt: z.iso.datetime(),
  description: z.string(),
  /** What it had to be made without, and the like */
  notes: z.array(z.string()).default([]),
  /** How it says that it is to be run */
  config: ImageConfig.default(noImageConfig),
  /** Of the manifest that it was pulled by; null: it is from no registry */
  digest: z.string().nullable().default(null),
  /** Which kernel it is made for; null: any */
  kernel: z.string().nullable().default(null),
  /** Names of the VMs made from it */
  usedBy: z.array(z.string()),
  path: z.string(),
});
export type Image = z.infer<typeof Image>;

/** Which image of an archive, and what it is to be called. */
export const ArchiveQuery = z.object({
  /** A name or tag of the archive's; left out when there is only one image in it */
  ref: z.string().min(1).max(512).optional(),
  /** Else what the archive says */
  name: z.string().min(1).max(512).optional(),
  /** For an image that says no name, or only a tag: what the archive's file is called, without its ending */
  fallback: z.string().max(255).optional(),
});
export type ArchiveQuery = z.infer<typeof ArchiveQuery>;

export const ArchivedImage = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** As it will be stored */
  name: z.string().min(1).max(512),
});
export type ArchivedImage = z.infer<typeof ArchivedImage>;

/** What could be pulled by name. */
export const CatalogEntry = z.object({
  name: z.string(),
  kind: z.string(),
  description: z.string(),
  pulled: z.boolean(),
  /** `built-in`, or the URL of the configured catalog that has it */
  origin: z.string().default('built-in'),
  isDefault: z.boolean(),
});
export type CatalogEntry = z.infer<typeof CatalogEntry>;

export const Kernel = z.object({
  id: KernelId,
  name: z.string(),
  /** `uname -r` */
  release: z.string(),
  /** Of the Debian package that it was made from; else its release */
  version: z.string(),
  sizeBytes: z.number(),
  createdAt: z.iso.datetime(),
  usedBy: z.array(z.string()),
  path: z.string(),
});
export type Kernel = z.infer<typeof Kernel>;
