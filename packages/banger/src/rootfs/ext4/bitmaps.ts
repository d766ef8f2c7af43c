import { BLOCK_BYTES, FIRST_INODE } from './format.ts';
import type { Geometry } from './geometry.ts';
import type { Ext4Layout } from './layout.ts';
import type { GroupUse } from './superblock.ts';

/** What each group has, by what is used in all: blocks and inodes are used from the front on, without a gap. */
export function groupUses({ geometry, inodes }: Ext4Layout): GroupUse[] {
  const { groupCount, blocksPerGroup, inodesPerGroup, blockCount, usedBlocks } = geometry;
  const directories = new Array<number>(groupCount).fill(0);
  for (const { node, number } of inodes) {
    if (node.kind !== 'directory') continue;
    const group = Math.floor((number - 1) / inodesPerGroup);
    directories[group] = (directories[group] ?? 0) + 1;
  }
  const usedInodes = lastInode(inodes.length);
  return directories.map((count, group) => ({
    usedBlocks: partOf(usedBlocks, group, blocksPerGroup),
    blocks: partOf(blockCount, group, blocksPerGroup),
    usedInodes: partOf(usedInodes, group, inodesPerGroup),
    directories: count,
  }));
}

/** The highest number in use, which is how many there are. */
export function lastInode(inodes: number): number {
  return FIRST_INODE - 2 + inodes;
}

export function encodeBlockBitmap({ usedBlocks, blocks }: GroupUse): Buffer {
  return bitmap({ used: usedBlocks, size: blocks });
}

export function encodeInodeBitmap({ usedInodes }: GroupUse, { inodesPerGroup }: Geometry): Buffer {
  return bitmap({ used: usedInodes, size: inodesPerGroup });
}

/** Bits for what does not exist are set. */
function bitmap({ used, size }: { readonly used: number; readonly size: number }): Buffer {
  const bits = Buffer.alloc(BLOCK_BYTES);
  setBits(bits, 0, used);
  setBits(bits, size, 8 * BLOCK_BYTES);
  return bits;
}

function setBits(bits: Buffer, from: number, to: number): void {
  let bit = from;
  for (; bit < to && bit % 8 !== 0; bit += 1) setBit(bits, bit);
  const bytes = Math.max(0, Math.floor((to - bit) / 8));
  bits.fill(0xff, bit / 8, bit / 8 + bytes);
  for (bit += 8 * bytes; bit < to; bit += 1) setBit(bits, bit);
}

function setBit(bits: Buffer, bit: number): void {
  const at = Math.floor(bit / 8);
  bits[at] = (bits[at] ?? 0) | (1 << (bit % 8));
}

function partOf(total: number, group: number, perGroup: number): number {
  return Math.min(Math.max(total - group * perGroup, 0), perGroup);
}
