import { readFile } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';
import { formatBytes } from '@banger/protocol/size-text';

import type { StageProgress } from '../../artifact/stage-clock.ts';
import type { RootDisk, RootDisks } from '../../rootfs/root-disks.ts';
import type { StoredLayer } from '../image-manifest.ts';
import type { BuiltRoot, ImageRecipe, RootBuild } from '../image-recipe.ts';
import type { BlobCache } from './blob-cache.ts';
import { fetchBlobs } from './fetch-blobs.ts';
import {
  MAX_CONFIGURATION_BYTES,
  parseImageConfiguration,
  type ImageConfiguration,
} from './image-configuration.ts';
import type { ImageSource } from './image-source.ts';
import { rootOf } from '../root-of.ts';
import { layerFile } from './layer-file.ts';
import type { Platform } from './platform.ts';
import { resolveImage, type ResolvedImage } from './resolve-image.ts';

export interface OciHost {
  readonly blobs: BlobCache;
  readonly rootDisks: RootDisks;
  readonly platform: Platform;
}

export interface OciOrigin {
  /** As it is stored */
  readonly name: string;
  readonly description: string;
  /** For the first stage: `Asking docker.io for alpine:3.22` */
  readonly asking: string;
  /** For what is wrong with the image itself: how to look at it */
  readonly hint: string;
  readonly source: ImageSource;
  /** Its digest is one that a registry knows */
  readonly isFromRegistry: boolean;
  /** Called at the end of each build, however it ended */
  readonly release?: () => void;
}

const ROOT_LABEL = 'banger-root';

/** An image made of the layers of a registry's or an archive's. */
export function ociRecipe(host: OciHost, origin: OciOrigin): ImageRecipe {
  const { name, description } = origin;
  return {
    ...{ name, kind: 'oci', description },
    async build(build) {
      try {
        return await buildRoot(host, origin, build);
      } catch (error) {
        if (!(error instanceof BangerError) || error.hint !== undefined) throw error;
        const { code, message, details } = error;
        throw new BangerError(code, message, { cause: error, details, hint: origin.hint });
      } finally {
        origin.release?.();
      }
    },
  };
}

async function buildRoot(host: OciHost, origin: OciOrigin, build: RootBuild): Promise<BuiltRoot> {
  const { stages, signal } = build;
  stages.begin('image-manifest', origin.asking);
  const image = await resolveImage(origin.source, host.platform, signal);
  const digests = [image.config, ...image.layers].map(({ digest }) => digest);
  using _ = host.blobs.hold(digests);
  const { config, layers, disk } = await assemble(host, { image, origin }, build).catch(
    async (error: unknown) => {
      // A blob that was damaged where it lies is fetched once more; everything else is as bad the second time.
      const isContent = error instanceof BangerError && error.code === 'image.bad_content';
      if (!isContent || (await host.blobs.weed(digests, signal)) === 0) throw error;
      return assemble(host, { image, origin }, build);
    },
  );
  return {
    ...{ config, layers, notes: [] },
    ...rootOf(disk),
    ...(origin.isFromRegistry && { digest: image.digest }),
  };
}

interface Assembled extends Pick<ImageConfiguration, 'config'> {
  readonly layers: readonly StoredLayer[];
  readonly disk: RootDisk;
}

async function assemble(
  { blobs, rootDisks, platform }: OciHost,
  { image, origin }: { readonly image: ResolvedImage; readonly origin: OciOrigin },
  { file, stages, signal }: RootBuild,
): Promise<Assembled> {
  const bytes = image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const count = image.layers.length === 1 ? '1 layer' : `${String(image.layers.length)} layers`;
  refuseLargeConfiguration(image);
  stages.begin('image-layers', `Pulling ${origin.name} (${count}, ${formatBytes(bytes)})`);
  const { source } = origin;
  const fetching = { blobs, source, report: (progress: StageProgress) => stages.report(progress) };
  const [configBlob] = await fetchBlobs([image.config], fetching, signal);
  const { config, diffIds } = parseImageConfiguration(
    await readFile(configBlob?.path ?? '', { signal }),
    platform,
  );
  refuseOtherCount(image, diffIds);
  const fetched = await fetchBlobs(image.layers, fetching, signal);

  stages.begin('image-disk', `Laying down the root file system of ${origin.name}`);
  const files = await Promise.all(
    fetched.map((blob, index) => layerFile(blob, diffIds[index] ?? '')),
  );
  const onProgress = (doneBytes: number, totalBytes: number) =>
    stages.report({ doneBytes, totalBytes });
  const order = { layers: files, file, label: ROOT_LABEL, onProgress };
  const disk = await rootDisks.make(order, signal);
  const layers = image.layers.map((layer, index) => ({ ...layer, diffId: diffIds[index] ?? '' }));
  return { config, layers, disk };
}

function refuseLargeConfiguration({ config }: ResolvedImage): void {
  if (config.sizeBytes <= MAX_CONFIGURATION_BYTES) return;
  throw new BangerError(
    'image.bad_content',
    `Cannot use the image's configuration: it has ${String(config.sizeBytes)} bytes, and at most ${String(MAX_CONFIGURATION_BYTES)} are read`,
  );
}

function refuseOtherCount({ layers }: ResolvedImage, diffIds: readonly string[]): void {
  if (layers.length === diffIds.length) return;
  throw new BangerError(
    'image.bad_content',
    `Cannot use the image: its manifest has ${String(layers.length)} layers, its configuration ${String(diffIds.length)}`,
  );
}
