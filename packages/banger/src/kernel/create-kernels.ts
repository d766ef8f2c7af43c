import { buildEnv } from '../debian/build-env.ts';
import type { ConfiguredMirrors } from '../debian/debian-sources.ts';
import { createHostArchive } from '../debian/host-archive.ts';
import type { Clock } from '../host/clock.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Processes } from '../host/processes.ts';
import { buildKernel } from './build-kernel.ts';
import { kernelCatalog } from './catalog.ts';
import { createInitrdCache } from './initrd-cache.ts';
import { createKernelStore } from './kernel-store.ts';
import type { Kernels } from './kernels.ts';

export interface KernelsOptions extends ConfiguredMirrors {
  readonly paths: Pick<BangerPaths, 'kernels' | 'initrds' | 'builds'>;
  readonly processes: Processes;
  readonly clock: Clock;
  /** The guest agent's program, which becomes `/init` */
  readonly agentFile: string;
  /** The daemon's PATH */
  readonly path: string | undefined;
}

/** The kernels of this banger: bundles made from Debian's archive, and their initrds. */
export function createKernels(options: KernelsOptions): Kernels {
  const { paths, processes, clock, agentFile, path, ...mirrors } = options;
  const env = buildEnv(path);
  const host = { processes, env, archive: createHostArchive({ processes, env, ...mirrors }) };
  return createKernelStore({
    paths,
    clock,
    catalog: kernelCatalog,
    build: (build) => buildKernel(host, build),
    initrds: createInitrdCache({ dir: paths.initrds, agentFile }),
  });
}
