import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KernelId } from '@banger/protocol/ids';

import { createArtifactStore, type Stored } from '../artifact/artifact-store.ts';
import { recordOf } from '../artifact/file-digest.ts';
import { findArtifact } from '../artifact/find-artifact.ts';
import { createSharedWork } from '../artifact/shared-work.ts';
import { createStageClock } from '../artifact/stage-clock.ts';
import { createWorkDirs } from '../artifact/work-dirs.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { WorkOptions } from '../host/work.ts';
import type { InitrdCache } from './initrd-cache.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import { kernelIdOf, KernelManifest, MODULES_DISK, VMLINUX } from './kernel-manifest.ts';
import type { KernelRecipe } from './kernel-recipe.ts';
import type { ImportedKernel, Kernels, StoredKernel } from './kernels.ts';

export interface KernelStoreOptions {
  readonly paths: Pick<BangerPaths, 'kernels' | 'builds'>;
  readonly clock: Clock;
  readonly catalog: Kernels['catalog'];
  /** How the kernel of this name is made; undefined: there is no such kernel */
  readonly recipeFor: (name: string, work: WorkOptions) => Promise<KernelRecipe | undefined>;
  readonly importRecipe: (kernel: ImportedKernel) => KernelRecipe;
  readonly initrds: InitrdCache;
}

/** Kernel bundles below one directory; how a bundle is made is the caller's business. */
export function createKernelStore(options: KernelStoreOptions): Kernels {
  const { paths, clock, catalog, recipeFor, importRecipe, initrds } = options;
  const store = createArtifactStore({
    dir: paths.kernels,
    isId: (text) => KernelId.safeParse(text).success,
    schema: KernelManifest,
  });
  const workDirs = createWorkDirs(paths.builds, 'kernel');
  const pulls = createSharedWork<StoredKernel>();
  const find = async (reference: string): Promise<StoredKernel | undefined> => {
    const found = findArtifact(await store.entries(), reference);
    if (found.kind === 'damaged') throw damaged('kernel', found);
    return found.kind === 'whole' ? storedKernel(found.stored) : undefined;
  };

  const make = async (
    recipe: KernelRecipe,
    { signal, progress }: WorkOptions,
  ): Promise<StoredKernel> => {
    await using work = await workDirs.make();
    const stages = createStageClock(progress, clock);
    const bundle = join(work.path, 'bundle');
    await mkdir(bundle);
    const built = await recipe.build({ dir: work.path, bundle, stages, signal });
    const createdAt = clock.now().toISOString();
    const manifest: KernelManifest = { format: 1, name: recipe.name, createdAt, ...built };
    await writeFile(join(bundle, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal.throwIfAborted();
    const stored = storedKernel(await store.publish(kernelIdOf(manifest), bundle));
    stages.end();
    return stored;
  };

  return {
    find,
    async list() {
      return (await store.list()).map(storedKernel);
    },
    catalog,
    async pull(name, { force = false, ...work }) {
      const present = force ? undefined : await find(name);
      if (present !== undefined) {
        await verify(present, work.signal);
        return present;
      }
      const recipe = await recipeFor(name, work);
      if (recipe === undefined) throw notFound('kernel', name, await catalog(work));
      return pulls.join(name, work, (shared) => make(recipe, shared));
    },
    import: (kernel, work) => make(importRecipe(kernel), work),
    remove: (id) => store.remove(id),
    async sweep(signal) {
      await workDirs.sweep(signal);
      await initrds.sweep((await store.list()).map(storedKernel), signal);
    },
    initrd: (kernel, signal) => initrds.path(kernel, signal),
  };
}

export function storedKernel({ id, dir, manifest }: Stored<KernelManifest>): StoredKernel {
  const sizes = Object.values(manifest.files).map(({ sizeBytes }) => sizeBytes);
  return {
    id: KernelId.parse(id),
    name: manifest.name,
    release: manifest.release,
    version: manifest.version,
    createdAt: manifest.createdAt,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    vmlinux: join(dir, VMLINUX),
    modulesDisk: MODULES_DISK in manifest.files ? join(dir, MODULES_DISK) : undefined,
    bootModules: manifest.bootModules,
    files: manifest.files,
    dir,
  };
}

/** Sizes are compared on every read; the content only here, where there is time for it. */
async function verify({ id, name, dir, files }: StoredKernel, signal: AbortSignal): Promise<void> {
  for (const [file, { sha256 }] of Object.entries(files)) {
    const actual = await recordOf(join(dir, file), signal);
    if (actual.sha256 === sha256) continue;
    throw damaged('kernel', { id, name, damage: `${file} is not what was stored` });
  }
}
