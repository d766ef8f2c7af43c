import { open } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { Directory, FileNode } from '../file-tree.ts';
import { encodeBlockBitmap, encodeInodeBitmap, groupUses, lastInode } from './bitmaps.ts';
import { BlockSink } from './block-sink.ts';
import { copyContent } from './copy-content.ts';
import { encodeDirectory } from './directory-blocks.ts';
import { encodeIndex, encodeInode, type InodeOptions } from './encode-inode.ts';
import { Ext4Limit } from './ext4-limit.ts';
import { BLOCK_BYTES, entryTypes, FIRST_INODE, INODE_BYTES } from './format.ts';
import { type Ext4Layout, planLayout, type PlannedInode } from './layout.ts';
import { pathOf } from './path-of.ts';
import { childrenInOrder } from './plan-inodes.ts';
import { encodeDescriptors, encodeSuperblock, fileSystemHashSeed } from './superblock.ts';
import { encodeXattrBlock } from './xattrs.ts';

export interface Ext4Order {
  readonly file: string;
  /** At most 16 bytes */
  readonly label: string;
  /** Seconds since 1970; later times become this */
  readonly epoch?: number | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface WrittenExt4 {
  /** Hexadecimal */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly inodeCount: number;
}

/**
 * Lays a tree down as an ext4 file that is only ever read: no journal, no reserve, no room to grow, nothing in it that
 * depends on when or where it was made. One pass over the file and one over each source; whatever is in the file when
 * it fails is the caller's.
 *
 * @throws BangerError `image.bad_content` naming the path that ext4 has no place for
 */
export async function writeExt4(
  root: Directory,
  order: Ext4Order,
  signal: AbortSignal,
): Promise<WrittenExt4> {
  const layout = explained(root, () => planLayout(root));
  const { geometry, inodes, runs } = layout;
  const totalBytes = geometry.blockCount * BLOCK_BYTES;
  await using file = await open(order.file, 'w');
  const sink = new BlockSink(file, {
    signal,
    onWritten: (doneBytes) => order.onProgress?.(doneBytes, totalBytes),
  });
  await addTables(sink, layout, order.label);
  const options: InodeOptions = {
    contentAt: geometry.contentAt,
    newestNs: order.epoch === undefined ? undefined : BigInt(order.epoch) * 1_000_000_000n,
  };
  await addInodes(sink, layout, options);
  for (const inode of inodes) {
    const own = encodeOwn(inode, layout, options);
    if (own !== undefined) await sink.add(own);
    const { inBlock } = inode.xattrs;
    if (inBlock.length > 0) await sink.add(encodeXattrBlock(inBlock));
  }
  await copyContent(runs, sink, signal);
  await sink.addZeros(totalBytes - sink.position);
  return { sha256: await sink.finish(), sizeBytes: totalBytes, inodeCount: inodes.length };
}

async function addTables(sink: BlockSink, layout: Ext4Layout, label: string): Promise<void> {
  const { geometry, inodes } = layout;
  const uses = groupUses(layout);
  await sink.add(encodeSuperblock(geometry, { inodeCount: lastInode(inodes.length), label }));
  await sink.add(encodeDescriptors(geometry, uses));
  for (const use of uses) await sink.add(encodeBlockBitmap(use));
  for (const use of uses) await sink.add(encodeInodeBitmap(use, geometry));
}

async function addInodes(
  sink: BlockSink,
  { geometry, inodes }: Ext4Layout,
  options: InodeOptions,
): Promise<void> {
  const start = sink.position;
  await sink.addZeros(INODE_BYTES);
  const [root, ...others] = inodes;
  if (root !== undefined) await sink.add(encodeInode(root, options));
  await sink.addZeros((FIRST_INODE - 3) * INODE_BYTES);
  for (const inode of others) {
    const added = sink.add(encodeInode(inode, options));
    if (added !== undefined) await added;
  }
  const { groupCount, inodesPerGroup } = geometry;
  await sink.addZeros(start + groupCount * inodesPerGroup * INODE_BYTES - sink.position);
}

/** What is in an inode's own blocks: undefined when it has none. */
function encodeOwn(
  inode: PlannedInode,
  { numberOf }: Ext4Layout,
  options: InodeOptions,
): Buffer | undefined {
  const { node, ownBlocks, number: self, parent } = inode;
  if (ownBlocks === 0) return undefined;
  if (node.kind === 'file') return encodeIndex(inode, options);
  if (node.kind === 'directory') {
    const entries = childrenInOrder(node).map(([name, child]) => ({
      name,
      inode: numberOf(child),
      type: entryTypes[child.kind],
    }));
    return encodeDirectory({ self, parent, entries }, fileSystemHashSeed);
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  if (node.kind === 'symlink') block.write(node.target, 'latin1');
  return block;
}

function explained<Result>(root: Directory, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Ext4Limit)) throw error;
    throw unfit(root, error.node, error);
  }
}

function unfit(root: Directory, node: FileNode, cause: Ext4Limit): BangerError {
  const path = pathOf(root, node);
  return new BangerError(
    'image.bad_content',
    `Cannot make a root disk: "${path}" ${cause.message}`,
    {
      cause,
      hint: 'Change it in the image, and make the image anew.',
    },
  );
}
