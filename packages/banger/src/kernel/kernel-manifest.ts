import { createHash } from 'node:crypto';

import { z } from 'zod';

import { KernelId } from '@banger/protocol/ids';

import { FileRecord } from '../artifact/file-digest.ts';

export const VMLINUX = 'vmlinux';
/** Unpacked before banger's own: what is in both is banger's */
export const INITRD = 'initrd';
export const MODULES_DISK = 'modules.ext4';
/** Files of the initrd, in a directory of the bundle */
export const BOOT_MODULES_DIR = 'boot-modules';

/** `uname -r` */
export const Release = z
  .string()
  .regex(/^[\w.+~-]+$/)
  .max(64);

const MODULE = /^\w[\w.-]*\.ko$/;

/** By path in the bundle; no other names are there, so each is a path that is safe to write to. */
export const KernelFiles = z
  .record(
    z
      .string()
      .refine((name) => [VMLINUX, INITRD, MODULES_DISK].includes(name) || isBootModule(name)),
    FileRecord,
  )
  .refine((files) => VMLINUX in files);

function isBootModule(name: string): boolean {
  const dir = `${BOOT_MODULES_DIR}/`;
  return name.startsWith(dir) && MODULE.test(name.slice(dir.length));
}

/** What the agent loads first, in this order; files of `boot-modules/` */
export const BootModules = z.array(z.string().regex(MODULE)).max(128);

/** `manifest.json` of a stored kernel. */
export const KernelManifest = z.object({
  format: z.literal(1),
  name: z.string().min(1),
  release: Release,
  /** Of the Debian package; of others: their release */
  version: z.string().min(1),
  createdAt: z.iso.datetime(),
  /** Without a disk of modules everything that a guest needs is built in */
  files: KernelFiles,
  bootModules: BootModules,
});
export type KernelManifest = z.infer<typeof KernelManifest>;

/** Named by what it is called and what is in it, and not by when it was made. */
export function kernelIdOf({
  name,
  release,
  files,
  bootModules,
}: Pick<KernelManifest, 'name' | 'release' | 'files' | 'bootModules'>): KernelId {
  const sums = Object.entries(files)
    .map(([file, { sha256 }]) => `${sha256}  ${file}\n`)
    .toSorted();
  const content = [`${name} ${release}\n`, ...sums, ...bootModules].join('');
  const digest = createHash('sha256').update(content).digest('hex');
  return KernelId.parse(`krn_${digest.slice(0, 16)}`);
}
