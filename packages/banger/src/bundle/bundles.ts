import type { BundleHead } from '@banger/protocol/bundle';
import { BangerError } from '@banger/protocol/errors';

import { recordOf } from '../artifact/file-digest.ts';
import { hostArchitecture, type Architecture } from '../catalog/bundle-entry.ts';
import { imageBundleOf } from '../image/bundle/image-bundle.ts';
import type { StoredImage } from '../image/images.ts';
import { kernelBundleOf } from '../kernel/kernel-bundle.ts';
import type { StoredKernel } from '../kernel/kernels.ts';
import { below, packBundle } from './pack-bundle.ts';

/** A bundle that is being written, as fast as it is read. */
export interface OpenBundle {
  readonly head: BundleHead;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Writes stored images and kernels as bundles. */
export interface Bundles {
  image(image: StoredImage, signal: AbortSignal): Promise<OpenBundle>;
  kernel(kernel: StoredKernel, signal: AbortSignal): Promise<OpenBundle>;
}

export function createBundles(): Bundles {
  return {
    async image(image, signal) {
      const { name, description, rootDisk } = image;
      const architecture = ownArchitecture();
      // Of a file that is not ours, nobody has counted yet.
      const root = image.rootRecord ?? (await recordOf(rootDisk, signal));
      const manifest = imageBundleOf(image, { architecture, root });
      const head: BundleHead = { kind: 'image', name, description, architecture };
      return { head, chunks: packBundle({ manifest, pathOf: () => rootDisk }, signal) };
    },
    async kernel(kernel, signal) {
      await Promise.resolve();
      const { name, release, dir } = kernel;
      const architecture = ownArchitecture();
      const manifest = kernelBundleOf(kernel, architecture);
      const description = `Linux ${release}`;
      const head: BundleHead = { kind: 'kernel', name, description, architecture };
      return { head, chunks: packBundle({ manifest, pathOf: below(dir) }, signal) };
    },
  };
}

function ownArchitecture(): Architecture {
  const architecture = hostArchitecture();
  if (architecture !== undefined) return architecture;
  throw new BangerError('image.other_platform', `Cannot write a bundle for ${process.arch}`);
}
