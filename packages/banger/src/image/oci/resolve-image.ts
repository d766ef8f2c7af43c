import { BangerError } from '@banger/protocol/errors';

import { shortDigest } from './blob-errors.ts';
import type { ImageSource } from './image-source.ts';
import { parseManifest, type Descriptor } from './manifest.ts';
import { choosePlatform } from './choose-platform.ts';
import type { Platform } from './platform.ts';

/** One image of one platform, found. */
export interface ResolvedImage {
  /** Of what was asked for: an index, where there is one */
  readonly digest: string;
  readonly config: Descriptor;
  /** Lowest first */
  readonly layers: readonly Descriptor[];
}

/** An index in an index in an index. */
const MAX_DEPTH = 3;

/** Follows indexes down to the manifest of the image for this platform. */
export async function resolveImage(
  source: ImageSource,
  platform: Platform,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const root = await source.root(signal);
  let document = root;
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    const manifest = parseManifest(document);
    if (manifest.kind === 'image') {
      return { digest: root.digest, config: manifest.config, layers: manifest.layers };
    }
    document = await source.manifest(choosePlatform(manifest.entries, platform), signal);
  }
  throw new BangerError(
    'image.bad_content',
    `Cannot use manifest ${shortDigest(root.digest)}: it is an index of indexes of indexes without an end`,
  );
}
