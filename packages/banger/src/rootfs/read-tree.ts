import { readExt4 } from './ext4/read-ext4.ts';
import type { Directory } from './file-tree.ts';
import { mergeLayers } from './layers/merge-layers.ts';
import type { RootParts } from './root-disks.ts';

/** The tree of a root file system; what is in its files stays where it is. */
export function readTree({ base, layers }: RootParts, signal: AbortSignal): Promise<Directory> {
  return mergeLayers({ base: base === undefined ? undefined : readExt4(base), layers }, signal);
}
