import type { StoredLayer } from '../image-manifest.ts';
import type { StoredImage } from '../images.ts';
import type { Blob, BlobCache } from '../oci/blob-cache.ts';
import { layoutTar } from '../oci/layout-tar.ts';
import type { Platform } from '../oci/platform.ts';
import type { BuildDeps } from './build-deps.ts';
import { keepLayer } from './keep-layer.ts';
import { keyOf } from './stage-root.ts';

type Exporting = Pick<BuildDeps, 'blobs' | 'disks' | 'cache'> & { readonly platform: Platform };

/**
 * An image as the tar of an OCI layout: in the layers that it was made of when all of them are known and still there,
 * else with its whole root file system as one.
 */
export async function* exportImage(
  deps: Exporting,
  image: StoredImage,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  using _ = deps.blobs.hold(image.layers.map(({ digest }) => digest));
  const known = await keptLayers(image.layers, deps.blobs);
  const whole = known ?? (await keptLayers([await packed(deps, image, signal)], deps.blobs));
  if (whole === undefined) throw new Error('a layer that was just made is gone');
  yield* layoutTar({ image, layers: whole, platform: deps.platform }, signal);
}

async function keptLayers(
  layers: readonly StoredLayer[],
  blobs: BlobCache,
): Promise<readonly { readonly layer: StoredLayer; readonly blob: Blob }[] | undefined> {
  if (layers.length === 0) return undefined;
  const found = await Promise.all(
    layers.map(async (layer) => ({ layer, blob: await blobs.find(layer.digest) })),
  );
  const kept = found.flatMap(({ layer, blob }) => (blob === undefined ? [] : [{ layer, blob }]));
  return kept.length === layers.length ? kept : undefined;
}

/** The root file system as one layer, remembered by the image that it is of. */
export async function packed(
  { blobs, disks, cache }: Omit<Exporting, 'platform'>,
  image: Pick<StoredImage, 'id' | 'rootDisk'>,
  signal: AbortSignal,
): Promise<StoredLayer> {
  const key = keyOf(['packed', image.id]);
  const kept = await cache.find(key);
  const layer = kept !== undefined && 'layer' in kept ? kept.layer : null;
  if (layer !== null && (await blobs.find(layer.digest)) !== undefined) return layer;
  const made = await keepLayer(
    disks.pack({ base: image.rootDisk, layers: [] }, signal),
    blobs,
    signal,
  );
  if (made === undefined) throw new Error(`image ${image.id} has nothing in it`);
  await cache.keep(key, { layer: made });
  return made;
}
