import { createHash } from 'node:crypto';

import type { RootParts, LayerFile } from '../../rootfs/root-disks.ts';
import type { StoredLayer } from '../image-manifest.ts';
import type { BlobCache } from '../oci/blob-cache.ts';
import { layerFile } from '../oci/layer-file.ts';

/** The root file system of a stage so far: what it began from, and a layer for each step that changed something. */
export interface StageRoot {
  /** undefined: `FROM scratch` */
  readonly base: BaseRoot | undefined;
  /** Lowest first; their blobs are in the cache */
  readonly layers: readonly StoredLayer[];
}

export interface BaseRoot {
  /** Read-only ext4 */
  readonly disk: string;
  readonly imageId: string;
  /** What it was merged from; empty: not known */
  readonly layers: readonly StoredLayer[];
}

export const emptyRoot: StageRoot = { base: undefined, layers: [] };

/** Equal for roots with the same content. */
export function keyOfRoot({ base, layers }: StageRoot): string {
  return keyOf(['root', base?.imageId ?? 'scratch', ...layers.map(({ diffId }) => diffId)]);
}

/** Of anything that JSON can say, hexadecimal. */
export function keyOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Where its parts are on disk. */
export async function partsOf({ base, layers }: StageRoot, blobs: BlobCache): Promise<RootParts> {
  const files = await Promise.all(layers.map((layer) => fileOf(layer, blobs)));
  return { ...(base === undefined ? {} : { base: base.disk }), layers: files };
}

async function fileOf({ digest, diffId }: StoredLayer, blobs: BlobCache): Promise<LayerFile> {
  const blob = await blobs.find(digest);
  if (blob === undefined) throw new Error(`layer ${digest} is gone from the cache in mid-build`);
  return layerFile(blob, diffId);
}
