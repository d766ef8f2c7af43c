import type { BangerPaths } from '../host/paths.ts';
import type { Builds } from '../image/build/builds.ts';
import { createBuildCache } from '../image/build/create-build-cache.ts';
import { createBuilds } from '../image/build/create-builds.ts';
import { createContexts } from '../image/build/create-contexts.ts';
import { guestPlatform } from '../image/oci/platform.ts';
import type { Machines } from '../machine/machines.ts';
import { readTree } from '../rootfs/read-tree.ts';
import type { Adapters } from './compose-adapters.ts';

export interface BuildParts {
  readonly adapters: Adapters;
  readonly machines: Machines;
  readonly paths: Pick<BangerPaths, 'builds' | 'buildSteps'>;
}

/** Builds of images, and what clients send for them. Disposing it removes what no build has taken. */
export function composeBuilds({ adapters, machines, paths }: BuildParts): Builds & AsyncDisposable {
  const { images, blobs, clock } = adapters;
  const contexts = createContexts({ dir: paths.builds, clock });
  const builds = createBuilds({
    ...{ images, blobs, clock, contexts, readTree },
    disks: adapters.rootDisks,
    machines: machines.builds,
    cache: createBuildCache(paths.buildSteps),
    workDir: paths.builds,
    platform: guestPlatform(process.arch),
  });
  return { ...builds, [Symbol.asyncDispose]: () => contexts[Symbol.asyncDispose]() };
}
