import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { noImageConfig } from '@banger/protocol/image-config';
import { ImageId } from '@banger/protocol/ids';

import { createArtifactStore, type Stored } from '../artifact/artifact-store.ts';
import { flush, recordOf } from '../artifact/file-digest.ts';
import { createSharedWork } from '../artifact/shared-work.ts';
import { createStageClock } from '../artifact/stage-clock.ts';
import { createWorkDirs, type RemoveTree } from '../artifact/work-dirs.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { WorkOptions } from '../host/work.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import { findImage } from './find-image.ts';
import { imageIdOf, ImageManifest, ROOT_DISK } from './image-manifest.ts';
import type { ImageRecipe } from './image-recipe.ts';
import type { CatalogImage, Images, PullOptions, StoredImage } from './images.ts';

export interface ImageStoreOptions {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly clock: Clock;
  readonly catalog: readonly CatalogImage[];
  /** How the image of this name is made; undefined: there is no such image */
  readonly recipeFor: (
    name: string,
    options: Pick<PullOptions, 'insecure' | 'platform'>,
  ) => ImageRecipe | undefined;
  readonly removeTree?: RemoveTree;
}

/** Images below one directory; how a root file system is made is the caller's business. */
export function createImageStore(options: ImageStoreOptions): Images {
  const { paths, clock, catalog, recipeFor, removeTree } = options;
  const store = createArtifactStore({
    dir: paths.images,
    isId: (text) => ImageId.safeParse(text).success,
    schema: ImageManifest,
  });
  const workDirs = createWorkDirs(paths.builds, 'image', removeTree);
  const pulls = createSharedWork<StoredImage>();
  const find = async (reference: string): Promise<StoredImage | undefined> => {
    const found = findImage(await store.entries(), reference);
    if (found.kind === 'damaged') throw damaged('image', found);
    return found.kind === 'whole' ? storedImage(found.stored) : undefined;
  };

  const make = async (
    recipe: ImageRecipe,
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
    const built = await recipe.build({ dir: work.path, file, stages, warn, signal });

    stages.begin('image-publish', 'Storing the image');
    const [record] = await Promise.all([recordOf(file, signal), flush(file)]);
    const { name, kind, description } = recipe;
    const manifest: ImageManifest = {
      ...{ format: 1, name, kind, init: built.init, description },
      createdAt: clock.now().toISOString(),
      files: { [ROOT_DISK]: record },
      notes: [...built.notes],
      config: built.config ?? noImageConfig,
      layers: [...(built.layers ?? [])],
      digest: built.digest ?? null,
    };
    await writeFile(join(finished, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal.throwIfAborted();
    const stored = await store.publish(imageIdOf(manifest), finished);
    stages.end();
    return storedImage(stored);
  };

  return {
    find,
    async list() {
      return (await store.list()).map(storedImage);
    },
    catalog: () => catalog,
    async pull(name, { force = false, insecure, platform, ...work }) {
      const present = force ? undefined : await find(name);
      // What is called otherwise was found by another spelling, and a name of the catalog has only one.
      const isCatalogs = catalog.some((entry) => entry.name === name);
      if (present !== undefined && (present.name === name || !isCatalogs)) return present;
      const recipe = recipeFor(name, { insecure, platform });
      if (recipe === undefined) throw notFound('image', name, catalog);
      return pulls.join(recipe.name, work, (shared) => make(recipe, shared));
    },
    make,
    remove: (id) => store.remove(id),
    sweep: (signal) => workDirs.sweep(signal),
  };
}

function storedImage({ id, dir, manifest }: Stored<ImageManifest>): StoredImage {
  const { format: _, files, ...described } = manifest;
  return {
    ...described,
    id: ImageId.parse(id),
    sizeBytes: files[ROOT_DISK]?.sizeBytes ?? 0,
    rootDisk: join(dir, ROOT_DISK),
    dir,
  };
}
