import { VmDetails } from '@banger/protocol/vm';

import type { StoredImage } from '../packages/banger/src/image/images.ts';
import { createCatalogs } from '../packages/banger/src/catalog/create-catalogs.ts';
import { createBlobCache } from '../packages/banger/src/image/oci/create-blob-cache.ts';
import { createOciHost } from '../packages/banger/src/image/create-oci-host.ts';
import { createImages } from '../packages/banger/src/image/create-images.ts';
import { createKernels } from '../packages/banger/src/kernel/create-kernels.ts';
import { createRootDisks } from '../packages/banger/src/rootfs/create-root-disks.ts';
import type { StoredKernel } from '../packages/banger/src/kernel/kernels.ts';
import type { Clock } from '../packages/banger/src/host/clock.ts';
import type { Processes } from '../packages/banger/src/host/processes.ts';
import { createSystemClock } from '../packages/banger/src/host/system-clock.ts';
import { createSystemProcesses } from '../packages/banger/src/host/system-processes.ts';
import { warmStore } from '../test/support/warm-store.ts';
import { openHome, type Home } from './home.ts';
import { agentFile } from './requirements.ts';

export const IMAGE = 'debian-bookworm-slim';
const KERNEL = 'debian-6.1';

/** What benchmarks share: a banger with its images made, and what a bare VM is started from. */
export interface Lab extends AsyncDisposable {
  readonly home: Home;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly uid: number;
  readonly image: StoredImage;
  readonly kernel: StoredKernel;
  readonly initrd: string;
  /** What banger would choose for a VM with these flags on this host. */
  specFor(flags: readonly string[]): Promise<VmDetails['spec']>;
  readonly signal: AbortSignal;
}

/** Makes images and kernel once per state of the sources; the first time that takes as long as a first run. */
export function openLab(signal: AbortSignal): Promise<Lab> {
  return openLabOf('slim', signal);
}

/** A second one, with the default image instead. */
export function openFullLab(signal: AbortSignal): Promise<Lab> {
  return openLabOf('full', signal);
}

async function openLabOf(kind: 'slim' | 'full', signal: AbortSignal): Promise<Lab> {
  const imageName = kind === 'slim' ? IMAGE : 'debian-bookworm';
  await using cleanup = new AsyncDisposableStack();
  const home = cleanup.use(await openHome(await warmStore(kind)));
  const processes = createSystemProcesses();
  const clock = createSystemClock();
  const uid = process.getuid?.() ?? 0;
  const catalogs = createCatalogs({ urls: [], cacheDir: home.paths.catalogs, clock });
  const blobs = createBlobCache(home.paths.blobs);
  const rootDisks = createRootDisks();
  const oci = createOciHost({ blobs, rootDisks, clock, processes, env: {}, registries: [] });
  const path = process.env['PATH'];
  const shared = { paths: home.paths, processes, clock, blobs, rootDisks, oci, path };
  const images = createImages({ ...shared, ...unset, catalog: catalogs.images, uid });
  const kernels = createKernels({ ...shared, ...unset, catalog: catalogs.kernels, agentFile });
  const image = await images.find(imageName);
  const kernel = await kernels.find(KERNEL);
  if (image === undefined || kernel === undefined) {
    throw new Error(`the store of images has no ${image === undefined ? imageName : KERNEL}`);
  }
  const initrd = await kernels.initrd(kernel, signal);
  const owned = cleanup.move(); // The returned lab owns the home.
  return {
    ...{ home, processes, clock, uid, image, kernel, initrd, signal },
    async specFor(flags) {
      const args = ['vm', 'create', '--no-start', '--json', '--image', imageName, ...flags];
      const { stdout } = await home.banger(args);
      const { id, spec } = VmDetails.pick({ id: true, spec: true }).parse(JSON.parse(stdout));
      await home.banger(['vm', 'delete', id]);
      return spec;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As in a configuration that names no mirrors. */
const unset = { debianMirror: undefined, debianSecurityMirror: undefined };
