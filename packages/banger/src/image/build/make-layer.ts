import type { StoredLayer } from '../image-manifest.ts';
import type { BuildRun } from './build-deps.ts';
import { keepLayer } from './keep-layer.ts';
import { keyOf, keyOfRoot, type StageRoot } from './stage-root.ts';

export interface LayerStep {
  /** What it is made from besides the root that it is put onto; JSON */
  readonly inputs: unknown;
  /** Calls `take` with the layer's tar, or not at all when nothing is changed */
  readonly make: (take: (tar: AsyncIterable<Uint8Array>) => Promise<void>) => Promise<void>;
}

export interface MadeRoot {
  readonly root: StageRoot;
  readonly isCached: boolean;
}

/** The root with what a step makes of it: as it was made before, if that is still there, else made now. */
export async function makeLayer(
  run: BuildRun,
  root: StageRoot,
  { inputs, make }: LayerStep,
): Promise<MadeRoot> {
  const { cache, blobs } = run.deps;
  const key = keyOf([keyOfRoot(root), inputs]);
  const kept = run.usesCache ? await cache.find(key) : undefined;
  if (kept !== undefined && 'layer' in kept) {
    const { layer } = kept;
    if (layer === null) return { root, isCached: true };
    run.hold([layer.digest]);
    if ((await blobs.find(layer.digest)) !== undefined) {
      return { root: { ...root, layers: [...root.layers, layer] }, isCached: true };
    }
  }
  const made: StoredLayer[] = [];
  await make(async (tar) => {
    const layer = await keepLayer(tar, blobs, run.signal);
    if (layer === undefined) return;
    run.hold([layer.digest]);
    made.push(layer);
  });
  run.signal.throwIfAborted();
  await cache.keep(key, { layer: made[0] ?? null });
  return { root: { ...root, layers: [...root.layers, ...made] }, isCached: false };
}
