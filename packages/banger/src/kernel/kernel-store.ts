import { writeFile } from 'node:fs/promises';
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
import type { BuiltKernel, KernelBuild } from './build-kernel.ts';
import type { KernelCatalogEntry } from './catalog.ts';
import type { InitrdCache } from './initrd-cache.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import { kernelIdOf, KernelManifest, MODULES_DISK, VMLINUX } from './kernel-manifest.ts';
import type { Kernels, StoredKernel } from './kernels.ts';

export interface KernelStoreOptions {
  readonly paths: Pick<BangerPaths, 'kernels' | 'builds'>;
  readonly clock: Clock;
  readonly catalog: readonly KernelCatalogEntry[];
  readonly build: (build: KernelBuild) => Promise<BuiltKernel>;
  readonly initrds: InitrdCache;
}

/** Kernel bundles below one directory; how a bundle is made is the caller's business. */
export function createKernelStore(options: KernelStoreOptions): Kernels {
  const { paths, clock, catalog, build, initrds } = options;
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
    entry: KernelCatalogEntry,
    { signal, progress }: WorkOptions,
  ): Promise<StoredKernel> => {
    await using work = await workDirs.make();
    const stages = createStageClock(progress, clock);
    const built = await build({ entry, dir: work.path, stages, signal });
    const createdAt = clock.now().toISOString();
    const manifest: KernelManifest = { format: 1, name: entry.name, createdAt, ...built };
    const bundle = join(work.path, 'bundle');
    await writeFile(join(bundle, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal.throwIfAborted();
    const stored = storedKernel(await store.publish(kernelIdOf(built), bundle));
    stages.end();
    return stored;
  };

  return {
    find,
    async list() {
      return (await store.list()).map(storedKernel);
    },
    catalog: () => catalog,
    async pull(name, { force = false, ...work }) {
      const present = force ? undefined : await find(name);
      if (present !== undefined) {
        await verify(present, work.signal);
        return present;
      }
      const entry = catalog.find((candidate) => candidate.name === name);
      if (entry === undefined) throw notFound('kernel', name, catalog);
      return pulls.join(name, work, (shared) => make(entry, shared));
    },
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
    modulesDisk: join(dir, MODULES_DISK),
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
