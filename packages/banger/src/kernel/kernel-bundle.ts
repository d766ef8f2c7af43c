import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { BundleBase } from '../bundle/bundle-manifest.ts';
import { fetchBundle, type BundleFetching } from '../bundle/fetch-bundle.ts';
import { badBundle, unpackBundle } from '../bundle/unpack-bundle.ts';
import type { Architecture, BundleEntry } from '../catalog/bundle-entry.ts';
import { bootModuleFiles } from './bundle-files.ts';
import { BootModules, KernelFiles, Release, VMLINUX } from './kernel-manifest.ts';
import type { KernelRecipe } from './kernel-recipe.ts';
import type { StoredKernel } from './kernels.ts';

/** `manifest.json` of a kernel's bundle. Nothing in it depends on when or where the bundle was made. */
export const KernelBundle = BundleBase.extend({
  kind: z.literal('kernel'),
  name: z.string().min(1).max(128),
  release: Release,
  version: z.string().min(1).max(128),
  bootModules: BootModules,
  files: KernelFiles,
}).refine(({ files, bootModules }) => bootModuleFiles(bootModules).every((file) => file in files), {
  error: 'a boot module is not among its files',
});
export type KernelBundle = z.infer<typeof KernelBundle>;

export function kernelBundleOf(
  { name, release, version, bootModules, files }: StoredKernel,
  architecture: Architecture,
): KernelBundle {
  return {
    ...{ format: 1, architecture, kind: 'kernel', name, release, version },
    bootModules: [...bootModules],
    files,
  };
}

/** A kernel out of a catalog's bundle: downloaded, proven, and only then unpacked. */
export function kernelBundleRecipe(fetching: BundleFetching, entry: BundleEntry): KernelRecipe {
  const { name, sha256 } = entry;
  return {
    name,
    async build({ bundle: dir, stages, signal }) {
      const what = `the bundle of kernel "${name}"`;
      using _ = fetching.blobs.hold([`sha256:${sha256}`]);
      const { path: bundle } = await fetchBundle(fetching, entry, { stages, signal });
      stages.begin('bundle-unpack', `Unpacking the bundle of ${name}`);
      const unpacked = await unpackBundle({ bundle, schema: KernelBundle, dir, what, signal });
      const { release, version, files, bootModules } = unpacked;
      if (!(await startsAsElf(join(dir, VMLINUX))))
        throw badBundle(what, 'its kernel is no ELF file');
      return { release, version, files, bootModules };
    },
  };
}

async function startsAsElf(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString('latin1') === '\x7fELF';
}
