import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

import type { StoredLayer } from '../image-manifest.ts';
import type { BlobCache } from '../oci/blob-cache.ts';

const MEDIA_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** Of a tenth of the size, at three times the speed of the default */
const LEVEL = 3;
const TAR_BLOCK = 512;

/**
 * Compresses a layer into the cache of blobs; the same bytes give the same blob. undefined: the archive has no entry, so
 * nothing was changed.
 */
export async function keepLayer(
  tar: AsyncIterable<Uint8Array>,
  blobs: BlobCache,
  signal: AbortSignal,
): Promise<StoredLayer | undefined> {
  const plain = createHash('sha256');
  const head = { bytes: 0, isEmpty: true };
  const seen = async function* () {
    for await (const chunk of tar) {
      plain.update(chunk);
      const rest = TAR_BLOCK - head.bytes;
      if (rest > 0 && chunk.subarray(0, rest).some((byte) => byte !== 0)) head.isEmpty = false;
      head.bytes += chunk.length;
      yield chunk;
    }
  };
  // What fails on the way is what reading the end rejects with; a reader that stops ends the source, too.
  const gzip = pipeline(
    Readable.from(seen(), { objectMode: false }),
    createGzip({ level: LEVEL }),
    () => undefined,
  );
  const { digest, sizeBytes } = await blobs.add(gzip, signal);
  if (head.isEmpty) return undefined;
  const diffId = `sha256:${plain.digest('hex')}`;
  return { digest, sizeBytes, mediaType: MEDIA_TYPE, diffId };
}
