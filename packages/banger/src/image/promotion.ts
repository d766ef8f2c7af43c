import { BangerError } from '@banger/protocol/errors';

import { changeOf, foreignFile } from './foreign-file.ts';
import type { ImageRecipe } from './image-recipe.ts';
import type { StoredImage } from './images.ts';

/** Copies what a registered image points at. What is written to meanwhile is no copy of anything, and refused. */
export function promotion(
  { name, description, rootDisk, init, notes, config, kernel }: StoredImage,
  copyFile: (from: string, to: string, signal: AbortSignal) => Promise<void>,
): ImageRecipe {
  return {
    ...{ name, description, kind: 'promoted' },
    async build({ file, stages, signal }) {
      stages.begin('image-copy', 'Copying the root file system');
      const before = await foreignFile(rootDisk, `the root file system of image "${name}"`);
      await copyFile(rootDisk, file, signal);
      const change = await changeOf(before);
      if (change !== undefined) {
        throw new BangerError('image.bad_content', `Cannot promote image "${name}": ${change}`);
      }
      return { init, notes, config, kernel };
    },
  };
}
