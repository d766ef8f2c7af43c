import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ImageId } from '@banger/protocol/ids';

import { createArtifactStore, type Stored } from '../artifact/artifact-store.ts';
import { flush, recordOf } from '../artifact/file-digest.ts';
import { findArtifact } from '../artifact/find-artifact.ts';
import { createSharedWork } from '../artifact/shared-work.ts';
import { createStageClock } from '../artifact/stage-clock.ts';
import { createWorkDirs, type RemoveTree } from '../artifact/work-dirs.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { WorkOptions } from '../host/work.ts';
import type { ImageCatalogEntry } from './catalog.ts';
import type { BuiltRoot, RootBuild } from './debian/build-root.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import { ImageManifest, ROOT_DISK } from './image-manifest.ts';
import type { Images, StoredImage } from './images.ts';

export interface ImageStoreOptions {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly clock: Clock;
  readonly catalog: readonly ImageCatalogEntry[];
  readonly build: (build: RootBuild) => Promise<BuiltRoot>;
  readonly removeTree?: RemoveTree;
}

/** Images below one directory; how a root file system is made is the caller's business. */
export function createImageStore(options: ImageStoreOptions): Images {
  const { paths, clock, catalog, build, removeTree } = options;
  const store = createArtifactStore({
    dir: paths.images,
    isId: (text) => ImageId.safeParse(text).success,
    schema: ImageManifest,
  });
  const workDirs = createWorkDirs(paths.builds, 'image', removeTree);
  const pulls = createSharedWork<StoredImage>();
  const find = async (reference: string): Promise<StoredImage | undefined> => {
    const found = findArtifact(await store.entries(), reference);
    if (found.kind === 'damaged') throw damaged('image', found);
    return found.kind === 'whole' ? storedImage(found.stored) : undefined;
  };

  const make = async (
    entry: ImageCatalogEntry,
    { signal, progress }: WorkOptions,
  ): Promise<StoredImage> => {
    await using work = await workDirs.make();
    const stages = createStageClock(progress, clock);
    const finished = join(work.path, 'image');
    const file = join(finished, ROOT_DISK);
    await mkdir(finished);
    const warn = (message: string): void => {
      progress.warn(message);
    };
    const { notes } = await build({ entry, dir: work.path, file, stages, warn, signal });

    stages.begin('image-publish', 'Storing the image');
    const [record] = await Promise.all([recordOf(file, signal), flush(file)]);
    const { name, kind, init, description } = entry;
    const manifest: ImageManifest = {
      ...{ format: 1, name, kind, init, description },
      createdAt: clock.now().toISOString(),
      files: { [ROOT_DISK]: record },
      notes: [...notes],
    };
    await writeFile(join(finished, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal.throwIfAborted();
    const stored = await store.publish(`img_${record.sha256.slice(0, 16)}`, finished);
    stages.end();
    return storedImage(stored);
  };

  return {
    find,
    async list() {
      return (await store.list()).map(storedImage);
    },
    catalog: () => catalog,
    async pull(name, { force = false, ...work }) {
      const present = force ? undefined : await find(name);
      if (present !== undefined) return present;
      const entry = catalog.find((candidate) => candidate.name === name);
      if (entry === undefined) throw notFound('image', name, catalog);
      return pulls.join(name, work, (shared) => make(entry, shared));
    },
    remove: (id) => store.remove(id),
    sweep: (signal) => workDirs.sweep(signal),
  };
}

function storedImage({ id, dir, manifest }: Stored<ImageManifest>): StoredImage {
  const { name, kind, init, description, createdAt, notes } = manifest;
  return {
    ...{ id: ImageId.parse(id), name, kind, init, description, createdAt, notes },
    sizeBytes: manifest.files[ROOT_DISK]?.sizeBytes ?? 0,
    rootDisk: join(dir, ROOT_DISK),
    dir,
  };
}
