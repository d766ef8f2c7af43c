import type { Entry, ManifestBase } from '../artifact/artifact-store.ts';
import { findArtifact, type Found } from '../artifact/find-artifact.ts';
import { tryReference } from './registry/reference.ts';

/**
 * As artifacts are found, and by every spelling of a reference: `docker.io/library/alpine` is `alpine:latest`. A digest
 * also finds what was pulled by a tag of that repository, when it is that.
 */
export function findImage<Manifest extends ManifestBase & { readonly digest: string | null }>(
  entries: readonly Entry<Manifest>[],
  text: string,
): Found<Manifest> {
  const exact = findArtifact(entries, text);
  const reference = tryReference(text);
  if (exact.kind !== 'nothing' || reference === undefined) return exact;
  const { familiar, digest } = reference;
  const named = findArtifact(entries, familiar);
  if (named.kind !== 'nothing' || digest === undefined) return named;
  const pulled = entries.find(({ manifest, damage }) => {
    const name = tryReference(manifest?.name ?? '');
    const isSame = name?.host === reference.host && name.repository === reference.repository;
    return isSame && damage === undefined && manifest.digest === digest;
  });
  return pulled?.damage === undefined && pulled !== undefined
    ? { kind: 'whole', stored: pulled }
    : { kind: 'nothing' };
}
