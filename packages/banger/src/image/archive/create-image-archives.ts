import { readFile } from 'node:fs/promises';

import type { ImageSource } from '../oci/image-source.ts';
import { MAX_MANIFEST_BYTES, type ManifestDocument } from '../oci/manifest.ts';
import { ociRecipe, type OciHost } from '../oci/oci-recipe.ts';
import { shortDigest } from '../oci/blob-errors.ts';
import { badArchive } from './archive-error.ts';
import { chooseImage } from './choose-image.ts';
import { findImages } from './find-images.ts';
import type { ImageArchives } from './image-archives.ts';
import { readArchiveFiles } from './read-files.ts';

export function createImageArchives(host: OciHost): ImageArchives {
  return {
    async read(bytes, choice, signal) {
      using holds = new DisposableStack();
      const keeping = { blobs: host.blobs, holds };
      const files = await readArchiveFiles(bytes, keeping, signal);
      return chooseImage(await findImages(files, keeping, signal), choice);
    },
    recipe: ({ digest, name }) =>
      ociRecipe(host, {
        ...{ name, description: 'From an archive', asking: `Looking at ${name}` },
        hint: 'skopeo inspect --raw oci-archive:FILE   (or: docker-archive:FILE)',
        source: cachedSource(host, digest),
        isFromRegistry: false,
      }),
  };
}

/** Everything is in the cache, or was not in the archive. */
function cachedSource({ blobs }: OciHost, root: string): ImageSource {
  const manifest = async (digest: string, signal: AbortSignal): Promise<ManifestDocument> => {
    const blob = await blobs.find(digest);
    if (blob === undefined) throw missing(digest);
    if (blob.sizeBytes > MAX_MANIFEST_BYTES) {
      throw badArchive(`its manifest ${shortDigest(digest)} is too large for one`);
    }
    return { digest, mediaType: undefined, bytes: await readFile(blob.path, { signal }) };
  };
  return {
    root: (signal) => manifest(root, signal),
    manifest: ({ digest }, signal) => manifest(digest, signal),
    async *blob({ digest }) {
      await Promise.resolve();
      throw missing(digest);
    },
  };
}

function missing(digest: string): Error {
  return badArchive(`it lacks blob ${shortDigest(digest)}, or that was pruned since`);
}
