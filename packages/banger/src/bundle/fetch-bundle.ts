import type { Clock } from '../host/clock.ts';
import type { BundleEntry } from '../catalog/bundle-entry.ts';
import { readUrl } from '../catalog/read-url.ts';
import type { StageClock } from '../artifact/stage-clock.ts';
import type { Blob, BlobCache } from '../image/oci/blob-cache.ts';

export interface BundleFetching {
  readonly blobs: BlobCache;
  readonly clock: Clock;
}

/**
 * Brings the bundle of a catalog's entry into the cache of blobs, proven to be what the catalog says, or takes it from there
 * when it still is. Goes on where an earlier attempt ended.
 */
export async function fetchBundle(
  { blobs, clock }: BundleFetching,
  { name, url, sha256, sizeBytes }: BundleEntry,
  { stages, signal }: { readonly stages: StageClock; readonly signal: AbortSignal },
): Promise<Blob> {
  const digest = `sha256:${sha256}`;
  stages.begin('bundle-download', `Downloading the bundle of ${name}`);
  await blobs.weed([digest], signal);
  const read = (from: number, until: AbortSignal) =>
    readUrl(new URL(url), { from, clock, signal: until });
  return blobs.fetch({ digest, sizeBytes, read }, signal);
}
