import { ImageId } from '@banger/protocol/ids';
import { z } from 'zod';

import { StoredLayer } from '../image-manifest.ts';

/** What a step made of its input, or which image the last stage became. */
export const CachedStep = z.union([
  z.object({
    /** null: it changed nothing */
    layer: StoredLayer.nullable(),
  }),
  z.object({ image: ImageId }),
]);
export type CachedStep = z.infer<typeof CachedStep>;

/**
 * What steps made, by a key over all that they were made from; below the cache directory, so it can be thrown away. Which
 * blobs there still are is the caller's to find out.
 */
export interface BuildCache {
  find(key: string): Promise<CachedStep | undefined>;
  keep(key: string, step: CachedStep): Promise<void>;
  /** Removes all; with `dryRun` only says what that would be */
  prune(options: {
    readonly dryRun: boolean;
  }): Promise<{ readonly count: number; readonly bytes: number }>;
}
