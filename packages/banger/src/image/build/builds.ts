import type { z } from 'zod';

import type { BuildPlanRequest, BuildRequest, SentContext } from '@banger/protocol/build';

import type { WorkOptions } from '../../host/work.ts';
import type { StoredImage } from '../images.ts';
import type { BuildCache } from './build-cache.ts';

/** Images made from Dockerfiles. */
export interface Builds {
  /** What can be said without running anything: warnings, or a rejection with `build.invalid` */
  check(request: z.output<typeof BuildPlanRequest>): readonly string[];
  receive(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SentContext>;
  /** A tar of an OCI layout; rejects in the middle when it cannot be finished */
  export(image: StoredImage, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Forgets what steps made; with `dryRun` only says how much that is */
  prune: BuildCache['prune'];
  /** The context that the request names is gone afterwards, however it ends. */
  build(request: BuildRequest, work: WorkOptions): Promise<StoredImage>;
}
