import { buildEnv } from '../debian/build-env.ts';
import type { ConfiguredMirrors } from '../debian/debian-sources.ts';
import { createHostArchive } from '../debian/host-archive.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Processes } from '../host/processes.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { BlobCache } from '../image/oci/blob-cache.ts';
import { debianKernelRecipe } from './build-kernel.ts';
import type { KernelCatalogEntry } from './catalog.ts';
import { importRecipe } from './import-kernel.ts';
import { kernelBundleRecipe } from './kernel-bundle.ts';
import { createInitrdCache } from './initrd-cache.ts';
import { createKernelStore } from './kernel-store.ts';
import type { Kernels } from './kernels.ts';

export interface KernelsOptions extends ConfiguredMirrors {
  readonly paths: Pick<BangerPaths, 'kernels' | 'initrds' | 'builds'>;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly catalog: Catalog<KernelCatalogEntry>;
  readonly blobs: BlobCache;
  readonly rootDisks: RootDisks;
  /** The guest agent's program, which becomes `/init` */
  readonly agentFile: string;
  /** The daemon's PATH */
  readonly path: string | undefined;
}

/** The kernels of this banger: from Debian's archive, bundles and files of the user, and their initrds. */
export function createKernels(options: KernelsOptions): Kernels {
  const { paths, processes, clock, catalog, blobs, rootDisks, agentFile, path, ...mirrors } =
    options;
  const env = buildEnv(path);
  const archive = createHostArchive({ processes, env, ...mirrors });
  const host = { processes, env, rootDisks, archive };
  return createKernelStore({
    paths,
    clock,
    catalog: (work) => catalog.list(work),
    async recipeFor(name, work) {
      const entry = await catalog.find(name, work);
      switch (entry?.kind) {
        case 'debian':
          return debianKernelRecipe(host, entry);
        case 'bundle':
          return kernelBundleRecipe({ blobs, clock }, entry);
        case undefined:
          return undefined;
      }
    },
    importRecipe: (kernel) => importRecipe(host, kernel),
    initrds: createInitrdCache({ dir: paths.initrds, agentFile }),
  });
}
