import { buildEnv } from '../debian/build-env.ts';
import type { ConfiguredMirrors } from '../debian/debian-sources.ts';
import { createHostArchive } from '../debian/host-archive.ts';
import { createBuildTreeRemoval } from '../debian/remove-build-tree.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Processes } from '../host/processes.ts';
import { imageCatalog } from './catalog.ts';
import { debianRecipe } from './debian/build-root.ts';
import { createImageStore } from './image-store.ts';
import type { Images } from './images.ts';
import type { OciHost } from './oci/oci-recipe.ts';
import type { RegistryHost } from './registry/registry-client.ts';
import { registryRecipe, withCloseNames } from './registry/registry-recipe.ts';

export interface ImagesOptions extends ConfiguredMirrors {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly processes: Processes;
  /** What is not in the catalog is asked for there */
  readonly registry?: RegistryHost & OciHost;
  readonly clock: Clock;
  /** The daemon's PATH */
  readonly path: string | undefined;
  /** Effective user id of the daemon */
  readonly uid: number;
}

/** The images of this banger: made on the spot from Debian's archive, or of the layers of a registry's. */
export function createImages(options: ImagesOptions): Images {
  const { paths, processes, clock, registry, path, uid, ...mirrors } = options;
  const env = buildEnv(path);
  const archive = createHostArchive({ processes, env, ...mirrors });
  const host = { processes, archive, env, uid };
  return createImageStore({
    paths,
    clock: clock,
    catalog: imageCatalog,
    recipeFor(name, pull) {
      const entry = imageCatalog.find((candidate) => candidate.name === name);
      if (entry !== undefined) return debianRecipe(host, entry);
      if (registry === undefined || name.startsWith(ID_PREFIX)) return undefined; // An id that nothing has; nobody names an image so.
      return withCloseNames(registryRecipe(registry, name, pull), name, imageCatalog);
    },
    removeTree: createBuildTreeRemoval({ processes, uid }, env),
  });
}

const ID_PREFIX = 'img_';
