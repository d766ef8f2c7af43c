import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { noImageConfig } from '@banger/protocol/image-config';
import { ImageId } from '@banger/protocol/ids';

import type { Catalog } from '../catalog/catalog.ts';
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
import { changeOf, foreignFile, repairOf } from './foreign-file.ts';
import type { CatalogImage, Images, PullOptions, StoredImage } from './images.ts';
import { promotion } from './promotion.ts';

export interface ImageStoreOptions {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly clock: Clock;
  readonly catalog: Catalog<Omit<CatalogImage, 'origin'>>;
  /** How the image of this name is made; undefined: there is no such image */
  readonly recipeFor: (name: string, options: PullOptions) => Promise<ImageRecipe | undefined>;
  readonly removeTree?: RemoveTree;
  /** Who is to be process 1 of what is in an ext4 file */
  readonly initOf: (file: string, signal: AbortSignal) => Promise<'image' | 'agent'>;
  /** Copies a file with its holes */
  readonly copyFile: (from: string, to: string, signal: AbortSignal) => Promise<void>;
}

/** Images below one directory; how a root file system is made is the caller's business. */
export function createImageStore(options: ImageStoreOptions): Images {
  const { paths, clock, catalog, recipeFor, removeTree, initOf, copyFile } = options;
  const store = createArtifactStore({
    dir: paths.images,
    isId: (text) => ImageId.safeParse(text).success,
    schema: ImageManifest,
    check: ({ registered }) => (registered === null ? undefined : changeOf(registered)),
  });
  const workDirs = createWorkDirs(paths.builds, 'image', removeTree);
  const pulls = createSharedWork<StoredImage>();
  const find = async (reference: string): Promise<StoredImage | undefined> => {
    const found = findImage(await store.entries(), reference);
    if (found.kind === 'damaged') {
      throw damaged('image', found, repairOf(found.name, found.manifest?.registered?.path));
    }
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
    const [record] = await Promise.all([built.root ?? recordOf(file, signal), flush(file)]);
    const { name, kind, description } = recipe;
    const manifest: ImageManifest = {
      ...{ format: 1, name, kind, init: built.init, description },
      createdAt: clock.now().toISOString(),
      files: { [ROOT_DISK]: record },
      registered: null,
      notes: [...built.notes],
      config: built.config ?? noImageConfig,
      layers: [...(built.layers ?? [])],
      digest: built.digest ?? null,
      kernel: built.kernel ?? null,
    };
    signal.throwIfAborted();
    const stored = await publish(manifest, finished);
    stages.end();
    return stored;
  };

  const publish = async (manifest: ImageManifest, finished: string): Promise<StoredImage> => {
    await writeFile(join(finished, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return storedImage(await store.publish(imageIdOf(manifest), finished));
  };

  return {
    find,
    async list() {
      return (await store.list()).map(storedImage);
    },
    catalog: (work) => catalog.list(work),
    async pull(name, options) {
      const { signal, progress, force = false } = options;
      const work = { signal, progress };
      const present = force ? undefined : await find(name);
      // What is called otherwise was found by another spelling, and a name of the catalog has only one.
      const isMeant = async () =>
        present?.name === name || (await catalog.find(name, work)) === undefined;
      if (present !== undefined && (await isMeant())) return present;
      const recipe = await recipeFor(name, options);
      if (recipe === undefined) throw notFound('image', name, await catalog.list(work));
      return pulls.join(recipe.name, work, (shared) => make(recipe, shared));
    },
    make,
    async register({ rootDisk, name, description, kernel, ...given }, signal) {
      const registered = await foreignFile(rootDisk, `the root file system of image "${name}"`);
      const init = given.init ?? (await initOf(rootDisk, signal));
      await using work = await workDirs.make();
      const finished = join(work.path, 'image');
      await mkdir(finished);
      signal.throwIfAborted();
      const manifest: ImageManifest = {
        ...{ format: 1, kind: 'registered', name, init, description, kernel, registered },
        createdAt: clock.now().toISOString(),
        ...{ files: {}, notes: [], config: noImageConfig, layers: [], digest: null },
      };
      return await publish(manifest, finished);
    },
    promote: (image, work) => make(promotion(image, copyFile), work),
    remove: (id) => store.remove(id),
    sweep: (signal) => workDirs.sweep(signal),
  };
}

function storedImage({ id, dir, manifest }: Stored<ImageManifest>): StoredImage {
  const { format: _, files, registered, ...described } = manifest;
  const rootRecord = files[ROOT_DISK];
  return {
    ...described,
    id: ImageId.parse(id),
    sizeBytes: registered?.sizeBytes ?? rootRecord?.sizeBytes ?? 0,
    rootDisk: registered?.path ?? join(dir, ROOT_DISK),
    rootRecord,
    dir,
  };
}
