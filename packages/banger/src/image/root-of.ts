import type { RootDisk } from '../rootfs/root-disks.ts';
import type { BuiltRoot } from './image-recipe.ts';

/** What the disk that was made says of its image. */
export function rootOf({
  init,
  sha256,
  sizeBytes,
}: RootDisk): Required<Pick<BuiltRoot, 'init' | 'root'>> {
  return { init: init === undefined ? 'agent' : 'image', root: { sha256, sizeBytes } };
}
