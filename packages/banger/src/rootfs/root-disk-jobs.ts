import { rm } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../host/file-errors.ts';
import { deltaTree } from './delta-tree.ts';
import { readExt4 } from './ext4/read-ext4.ts';
import { writeExt4 } from './ext4/write-ext4.ts';
import type { Directory } from './file-tree.ts';
import { findInit } from './find-init.ts';
import { mergeLayers } from './layers/merge-layers.ts';
import { packTree } from './pack-tree.ts';
import { readContent } from './read-content.ts';
import { resolvePath } from './resolve-path.ts';
import type { RootDisk, RootDiskOrder, RootDisks, RootParts } from './root-disks.ts';

/**
 * The work of `RootDisks`, in the thread that calls it: long computations and waiting reads in between. The daemon has it
 * done by workers (`create-root-disks.ts`).
 */
export const rootDiskJobs: RootDisks = {
  async make(order, signal) {
    return writing(order, async () => {
      const tree = await treeOf(order, signal);
      const { sha256, sizeBytes, inodeCount } = await writeExt4(tree, order, signal);
      const init = findInit(tree);
      return { sha256, sizeBytes, entryCount: inodeCount, init } satisfies RootDisk;
    });
  },

  async makeDelta(order, signal) {
    await writing(order, async () => {
      const base = readExt4(order.base);
      const merged = await mergeLayers({ base, layers: order.layers }, signal);
      await writeExt4(deltaTree(base, merged), order, signal);
    });
  },

  async *pack(parts, signal) {
    yield* packTree(await treeOf(parts, signal), signal);
  },

  findInit: (file) => Promise.try(() => findInit(readExt4(file))),

  async readFile(parts, { path, maxBytes }, signal) {
    const found = resolvePath(await treeOf(parts, signal), path);
    if (typeof found === 'string' || found.node?.kind !== 'file') return undefined;
    return readContent(found.node, maxBytes, signal);
  },
};

async function treeOf({ base, layers }: RootParts, signal: AbortSignal): Promise<Directory> {
  const below = base === undefined ? undefined : readExt4(base);
  return mergeLayers({ base: below, layers }, signal);
}

/** Nothing stays of a file that was not finished. */
async function writing<Result>(
  { file }: Pick<RootDiskOrder, 'file'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof BangerError) throw error;
    throw explainFileError(error, `Cannot write root disk "${file}"`);
  }
}
