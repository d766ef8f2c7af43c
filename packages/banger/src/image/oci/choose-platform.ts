import type { IndexEntry } from './manifest.ts';
import { fits, otherPlatform, type Platform } from './platform.ts';

/**
 * Which of an index's entries is for a platform. The first that every processor of it runs; an entry that does not say
 * for which platform it is, only when it is the only one. Rejects with `image.other_platform`, which names what there is.
 */
export function choosePlatform(entries: readonly IndexEntry[], wanted: Platform): IndexEntry {
  const images = entries.filter(
    ({ platform, isAttestation }) => !isAttestation && platform?.architecture !== 'unknown',
  );
  const fitting = images.find(({ platform }) => platform !== undefined && fits(platform, wanted));
  const [only, ...others] = images;
  const unsaid = only?.platform === undefined && others.length === 0 ? only : undefined;
  const chosen = fitting ?? unsaid;
  if (chosen !== undefined) return chosen;
  throw otherPlatform(
    wanted,
    images.flatMap(({ platform }) => platform ?? []),
  );
}
