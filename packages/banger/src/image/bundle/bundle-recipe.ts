import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { fetchBundle, type BundleFetching } from '../../bundle/fetch-bundle.ts';
import { unpackBundle } from '../../bundle/unpack-bundle.ts';
import type { BundleEntry } from '../../catalog/bundle-entry.ts';
import { checkRootDisk } from '../../rootfs/check-root-disk.ts';
import { ROOT_DISK } from '../image-manifest.ts';
import type { ImageRecipe } from '../image-recipe.ts';
import { ImageBundle } from './image-bundle.ts';

/** An image out of a catalog's bundle: downloaded, proven, and only then unpacked. */
export function bundleRecipe(fetching: BundleFetching, entry: BundleEntry): ImageRecipe {
  const { name, kind, description } = entry;
  return {
    ...{ name, kind, description },
    async build({ dir, file, stages, signal }) {
      const what = `the bundle of image "${name}"`;
      const digest = `sha256:${entry.sha256}`;
      using _ = fetching.blobs.hold([digest]);
      const { path: bundle } = await fetchBundle(fetching, entry, { stages, signal });
      stages.begin('bundle-unpack', `Unpacking the bundle of ${name}`);
      const unpacked = join(dir, 'bundle');
      await mkdir(unpacked);
      const unpacking = { bundle, schema: ImageBundle, dir: unpacked, what, signal };
      const { init, notes, config, kernel, files } = await unpackBundle(unpacking);
      await checkRootDisk(join(unpacked, ROOT_DISK), what);
      await rename(join(unpacked, ROOT_DISK), file);
      return { init, notes, config, kernel, root: files[ROOT_DISK] };
    },
  };
}
