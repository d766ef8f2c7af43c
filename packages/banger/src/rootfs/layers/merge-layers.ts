import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { readTar } from '@banger/sdk/tar/read-tar';

import type { Directory } from '../file-tree.ts';
import type { LayerFile } from '../root-disks.ts';
import { LayerBudget } from './layer-budget.ts';
import { LayerMerge } from './layer-merge.ts';
import { openLayer } from './open-layer.ts';

export interface LayersToMerge {
  /** Below all layers; undefined: an empty root */
  readonly base?: Directory | undefined;
  /** Lowest first */
  readonly layers: readonly LayerFile[];
  /** Of archives that are no layers: `.wh.` at the beginning of a name has no meaning */
  readonly plainNames?: boolean;
}

/**
 * The tree that layers make, read once from beginning to end, every one proven to be what its digests say. The contents
 * of files stay where they are: in the tree are their places.
 *
 * @throws BangerError `image.bad_content` naming the layer, and the entry where there is one
 */
export async function mergeLayers(
  { base, layers, plainNames = false }: LayersToMerge,
  signal: AbortSignal,
  budget = new LayerBudget(),
): Promise<Directory> {
  const merge = new LayerMerge(base, budget);
  for (const file of layers) {
    const source = await openLayer(file);
    const reader = new ByteReader(source.verified(budget, signal));
    try {
      await merge.add({ source, entries: readTar(reader), plainNames });
    } finally {
      await reader.close();
    }
  }
  return merge.finish();
}
