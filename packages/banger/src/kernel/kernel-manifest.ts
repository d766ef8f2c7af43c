import { createHash } from 'node:crypto';

import { z } from 'zod';

import { KernelId } from '@banger/protocol/ids';

import { FileRecord } from '../artifact/file-digest.ts';

export const VMLINUX = 'vmlinux';
export const MODULES_DISK = 'modules.ext4';
/** Files of the initrd, in a directory of the bundle */
export const BOOT_MODULES_DIR = 'boot-modules';

/** `manifest.json` of a kernel bundle. */
export const KernelManifest = z.object({
  format: z.literal(1),
  name: z.string().min(1),
  /** `uname -r` */
  release: z.string().regex(/^[\w.+~-]+$/),
  /** Of the Debian package */
  version: z.string().min(1),
  createdAt: z.iso.datetime(),
  /** By path in the bundle */
  files: z
    .record(z.string(), FileRecord)
    .refine((files) => VMLINUX in files && MODULES_DISK in files),
  /** What the agent loads first, in this order; files of `boot-modules/` */
  bootModules: z.array(z.string().regex(/^[\w.-]+\.ko$/)),
});
export type KernelManifest = z.infer<typeof KernelManifest>;

/** Named by what is in it, and not by when it was made. */
export function kernelIdOf({
  release,
  files,
  bootModules,
}: Pick<KernelManifest, 'release' | 'files' | 'bootModules'>): KernelId {
  const sums = Object.entries(files)
    .map(([file, { sha256 }]) => `${sha256}  ${file}\n`)
    .toSorted();
  const content = [`${release}\n`, ...sums, ...bootModules].join('');
  const digest = createHash('sha256').update(content).digest('hex');
  return KernelId.parse(`krn_${digest.slice(0, 16)}`);
}
