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

export interface ImagesOptions extends ConfiguredMirrors {
  readonly paths: Pick<BangerPaths, 'images' | 'builds'>;
  readonly processes: Processes;
  readonly clock: Clock;
  /** The daemon's PATH */
  readonly path: string | undefined;
  /** Effective user id of the daemon */
  readonly uid: number;
}

/** The images of this banger, made on the spot from Debian's archive. */
export function createImages(options: ImagesOptions): Images {
  const { paths, processes, clock, path, uid, ...mirrors } = options;
  const env = buildEnv(path);
  const archive = createHostArchive({ processes, env, ...mirrors });
  const host = { processes, archive, env, uid };
  return createImageStore({
    paths,
    clock,
    catalog: imageCatalog,
    recipeFor(name) {
      const entry = imageCatalog.find((candidate) => candidate.name === name);
      return entry && debianRecipe(host, entry);
    },
    removeTree: createBuildTreeRemoval({ processes, uid }, env),
  });
}
