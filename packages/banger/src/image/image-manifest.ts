import { z } from 'zod';

import { FileRecord } from '../artifact/file-digest.ts';

export const ROOT_DISK = 'rootfs.ext4';

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
});
export type ImageManifest = z.infer<typeof ImageManifest>;
