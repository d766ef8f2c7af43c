import { z } from 'zod';

import { ImageConfig, noImageConfig } from './image-config.ts';
import { ImageId, KernelId } from './ids.ts';

export const Image = z.object({
  id: ImageId,
  name: z.string(),
  kind: z.enum(['debian', 'bundle', 'oci']),
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
  /** Names of the VMs made from it */
  usedBy: z.array(z.string()),
  path: z.string(),
});
export type Image = z.infer<typeof Image>;

/** What could be pulled by name. */
export const CatalogEntry = z.object({
  name: z.string(),
  kind: z.string(),
  description: z.string(),
  pulled: z.boolean(),
  isDefault: z.boolean(),
});
export type CatalogEntry = z.infer<typeof CatalogEntry>;

export const Kernel = z.object({
  id: KernelId,
  name: z.string(),
  /** `uname -r` */
  release: z.string(),
  /** Debian package version it was made from */
  version: z.string(),
  sizeBytes: z.number(),
  createdAt: z.iso.datetime(),
  usedBy: z.array(z.string()),
  path: z.string(),
});
export type Kernel = z.infer<typeof Kernel>;
