import { createWorkDirs } from '../artifact/work-dirs.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Adapters } from './compose-adapters.ts';
import type { DaemonLog } from './daemon-log.ts';

/** What belongs to work that ended with its daemon; stores sweep what is theirs. */
const LOOSE_KINDS = ['fork', 'build', 'context'];

/** What interrupted builds and forks left. A store that cannot be swept is told about when it is used. */
export async function sweepStores(
  { images, blobs, kernels, templates }: Adapters,
  { builds }: Pick<BangerPaths, 'builds'>,
  log: Pick<DaemonLog, 'error'>,
): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const loose = LOOSE_KINDS.map((kind) => createWorkDirs(builds, kind));
  const sweeps = [images, blobs, kernels, templates, ...loose].map((store) => store.sweep(signal));
  for (const swept of await Promise.allSettled(sweeps)) {
    if (swept.status === 'rejected')
      log.error({ err: swept.reason as unknown }, 'cannot sweep a store');
  }
}
