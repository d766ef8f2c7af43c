import type { Entry, ManifestBase, Stored } from './artifact-store.ts';

/**
 * What a reference means among stored artifacts (newest first): the newest of a name, a full id, or the only one whose
 * id starts so. `damaged` only when nothing whole matches.
 */
export type Found<Manifest> =
  | { readonly kind: 'whole'; readonly stored: Stored<Manifest> }
  | {
      readonly kind: 'damaged';
      readonly id: string;
      readonly name: string;
      readonly damage: string;
      /** As far as it could be read */
      readonly manifest: Manifest | undefined;
    }
  | { readonly kind: 'nothing' };

export function findArtifact<Manifest extends ManifestBase>(
  entries: readonly Entry<Manifest>[],
  reference: string,
): Found<Manifest> {
  const named = entries.filter(({ manifest }) => manifest?.name === reference);
  const exact = entries.filter(({ id }) => id === reference);
  const prefixed = isIdPrefix(reference)
    ? entries.filter(({ id }) => id.startsWith(reference))
    : [];
  const candidates = [named, exact, prefixed.length === 1 ? prefixed : []].find(
    ({ length }) => length > 0,
  );
  for (const entry of candidates ?? []) {
    if (entry.damage === undefined) return { kind: 'whole', stored: entry };
  }
  const [broken] = candidates ?? [];
  if (broken?.damage === undefined) return { kind: 'nothing' };
  return {
    kind: 'damaged',
    id: broken.id,
    name: broken.manifest?.name ?? broken.id,
    damage: broken.damage,
    manifest: broken.manifest,
  };
}

/** `img_3` and longer; without a digit after the underscore it would mean every one of them. */
function isIdPrefix(reference: string): boolean {
  return /^[a-z]{3}_[0-9a-f]{1,16}$/.test(reference);
}
