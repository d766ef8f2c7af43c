import type { Catalog } from '../catalog/catalog.ts';
import { buildEnv } from '../debian/build-env.ts';
import type { ConfiguredMirrors } from '../debian/debian-sources.ts';
import { createHostArchive } from '../debian/host-archive.ts';
import { createBuildTreeRemoval } from '../debian/remove-build-tree.ts';
import { createCopier } from '../disk/copy-files.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Processes } from '../host/processes.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import { bundleRecipe } from './bundle/bundle-recipe.ts';
import { imageCatalog, type ImageCatalogEntry } from './catalog.ts';
import { debianRecipe } from './debian/build-root.ts';
import { createImageStore } from './image-store.ts';
import type { Images } from './images.ts';
import type { BlobCache } from './oci/blob-cache.ts';
import type { OciHost } from './oci/oci-recipe.ts';
import { refusePlatform } from './oci/platform.ts';
import type { RegistryHost } from './registry/registry-client.ts';
import { registryRecipe, withCloseNames } from './registry/registry-recipe.ts';

export interface ImagesOptions extends ConfiguredMirrors {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly processes: Processes;
  /** What is not in the catalog is asked for in registries */
  readonly oci: RegistryHost & OciHost;
  readonly clock: Clock;
  readonly catalog: Catalog<ImageCatalogEntry>;
  readonly blobs: BlobCache;
  readonly rootDisks: RootDisks;
  /** The daemon's PATH */
  readonly path: string | undefined;
  /** Effective user id of the daemon */
  readonly uid: number;
}

/** The images of this banger: made on the spot from Debian's archive, out of bundles, or of the layers of a registry's. */
export function createImages(options: ImagesOptions): Images {
  const { paths, processes, clock, catalog, blobs, rootDisks, oci, path, uid, ...mirrors } =
    options;
  const env = buildEnv(path);
  const archive = createHostArchive({ processes, env, ...mirrors });
  const host = { processes, archive, rootDisks, env, uid };
  const copy = createCopier({ processes, env });
  const store = createImageStore({
    paths,
    clock,
    catalog,
    async recipeFor(name, { insecure, ...work }) {
      const pull = { insecure };
      const entry = await catalog.find(name, work);
      switch (entry?.kind) {
        case 'debian':
          return debianRecipe(host, entry);
        case 'bundle':
          return bundleRecipe({ blobs, clock }, entry);
        case 'oci':
          return { ...registryRecipe(oci, entry.reference, pull), name };
        case undefined:
          // An id that nothing has; nobody names an image so.
          if (name.startsWith(ID_PREFIX)) return undefined;
          return withCloseNames(registryRecipe(oci, name, pull), name, imageCatalog);
      }
    },
    async initOf(file, signal) {
      return (await rootDisks.findInit(file, signal)) === undefined ? 'agent' : 'image';
    },
    copyFile: (from, to, signal) => copy([{ from, to }], signal),
    removeTree: createBuildTreeRemoval({ processes, uid }, env),
  });
  return {
    ...store,
    async pull(name, pull) {
      if (pull.platform !== undefined) refusePlatform(pull.platform, oci.platform);
      return store.pull(name, pull);
    },
  };
}

const ID_PREFIX = 'img_';
