import { z } from 'zod';

import { ImageConfig } from '@banger/protocol/image-config';

import { FileRecord } from '../../artifact/file-digest.ts';
import { BundleBase } from '../../bundle/bundle-manifest.ts';
import { CatalogName, type Architecture } from '../../catalog/bundle-entry.ts';
import { ROOT_DISK } from '../image-manifest.ts';
import type { StoredImage } from '../images.ts';

/** `manifest.json` of an image's bundle. Nothing in it depends on when or where the bundle was made. */
export const ImageBundle = BundleBase.extend({
  kind: z.literal('image'),
  name: z.string().min(1).max(256),
  init: z.enum(['image', 'agent']),
  description: z.string().max(1000),
  notes: z.array(z.string().max(1000)).max(64),
  config: ImageConfig,
  /** Which kernel it is made for; null: any */
  kernel: CatalogName.nullable(),
  files: z.strictObject({ [ROOT_DISK]: FileRecord }),
});
export type ImageBundle = z.infer<typeof ImageBundle>;

export function imageBundleOf(
  { name, init, description, notes, config, kernel }: StoredImage,
  { architecture, root }: { readonly architecture: Architecture; readonly root: FileRecord },
): ImageBundle {
  return {
    ...{ format: 1, architecture, kind: 'image', name, init },
    description: description.slice(0, 1000),
    notes: [...notes],
    config,
    kernel,
    files: { [ROOT_DISK]: root },
  };
}
