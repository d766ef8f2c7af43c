import type { StoredImage } from '../images.ts';
import type { StoredLayer } from '../image-manifest.ts';
import { rootOf } from '../root-of.ts';
import type { BuildRun, BuiltStage } from './build-deps.ts';
import { keyOf, keyOfRoot, partsOf, type StageRoot } from './stage-root.ts';

/** Stores what was built as an image; the same thing under the same name is not made again. */
export async function storeBuilt(
  run: BuildRun,
  { root, config }: BuiltStage,
  wantedName: string | undefined,
): Promise<StoredImage> {
  const { images, disks, blobs } = run.deps;
  const content = keyOf([keyOfRoot(root), config]);
  const name = wantedName ?? `build-${content.slice(0, 12)}`;
  const layers = layersOf(root);
  const key = keyOf(['image', name, content, layers.length]);
  const known = await knownImage(run, key);
  if (known !== undefined) return known;
  const parts = await partsOf(root, blobs);
  const { signal, progress } = run;
  const stored = await images.make(
    {
      ...{ name, kind: 'oci', description: 'Built from a Dockerfile' },
      async build({ file, stages, signal: until }) {
        stages.begin('image-disk', 'Writing the root file system');
        const order = { ...parts, file, label: 'banger-root' };
        return { ...rootOf(await disks.make(order, until)), notes: [], config, layers };
      },
    },
    { signal, progress },
  );
  await run.deps.cache.keep(key, { image: stored.id });
  return stored;
}

async function knownImage(run: BuildRun, key: string): Promise<StoredImage | undefined> {
  const known = run.usesCache ? await run.deps.cache.find(key) : undefined;
  if (known === undefined || !('image' in known)) return undefined;
  try {
    return await run.deps.images.find(known.image);
  } catch {
    return undefined; // It is damaged, so another one is made.
  }
}

/** All, or none: of a base that is not made of layers there are none to be named. */
function layersOf({ base, layers }: StageRoot): readonly StoredLayer[] {
  if (base === undefined) return layers;
  return base.layers.length === 0 ? [] : [...base.layers, ...layers];
}
