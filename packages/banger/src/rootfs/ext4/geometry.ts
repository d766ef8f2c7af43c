import { BLOCK_BYTES, blocksFor, DESCRIPTOR_BYTES, INODE_BYTES } from './format.ts';

/**
 * Where everything of a file system is. With `flex_bg` a group's bitmaps and inodes may be anywhere, so those of all
 * groups are in front, one kind after the other, and behind them is nothing but content, without a gap:
 *
 *     superblock | descriptors | block bitmaps | inode bitmaps | inodes | directories, … | data
 */
export interface Geometry {
  readonly groupCount: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly blockCount: number;
  /** Used blocks are 0 to this */
  readonly usedBlocks: number;
  readonly descriptorBlocks: number;
  /** The first block of each kind */
  readonly blockBitmapsAt: number;
  readonly inodeBitmapsAt: number;
  readonly inodesAt: number;
  readonly contentAt: number;
}

/** As many as there are bits in a block */
const MAX_PER_GROUP = 8 * BLOCK_BYTES;
const INODES_PER_BLOCK = BLOCK_BYTES / INODE_BYTES;

export interface Needs {
  /** The reserved ones counted */
  readonly inodeCount: number;
  readonly contentBlocks: number;
}

export function planGeometry(needs: Needs): Geometry {
  for (let groupCount = 1; ;) {
    const geometry = withGroups(groupCount, needs);
    const wanted = Math.ceil(Math.max(geometry.usedBlocks, needs.inodeCount) / MAX_PER_GROUP);
    if (wanted <= groupCount) return geometry;
    groupCount = wanted; // More groups have more bitmaps, so this may be wrong again; it only ever grows.
  }
}

function withGroups(groupCount: number, { inodeCount, contentBlocks }: Needs): Geometry {
  const inodesPerGroup = roundUp(Math.ceil(inodeCount / groupCount), INODES_PER_BLOCK);
  const inodeBlocks = inodesPerGroup / INODES_PER_BLOCK;
  const descriptorBlocks = blocksFor(groupCount * DESCRIPTOR_BYTES);
  const blockBitmapsAt = 1 + descriptorBlocks;
  const inodeBitmapsAt = blockBitmapsAt + groupCount;
  const inodesAt = inodeBitmapsAt + groupCount;
  const contentAt = inodesAt + groupCount * inodeBlocks;
  const usedBlocks = contentAt + contentBlocks;
  const blocksPerGroup = sizeOfGroups({ groupCount, inodeBlocks, usedBlocks });
  return {
    ...{ groupCount, blocksPerGroup, inodesPerGroup, usedBlocks, descriptorBlocks },
    ...{ blockBitmapsAt, inodeBitmapsAt, inodesAt, contentAt },
    blockCount: Math.max(usedBlocks, (groupCount - 1) * blocksPerGroup + 1),
  };
}

/** As large as they can be, unless many inodes with next to no content ask for more groups than the blocks fill. */
function sizeOfGroups(of: {
  readonly groupCount: number;
  readonly inodeBlocks: number;
  readonly usedBlocks: number;
}): number {
  if (of.usedBlocks > (of.groupCount - 1) * MAX_PER_GROUP) return MAX_PER_GROUP;
  const filled = Math.ceil(of.usedBlocks / of.groupCount);
  // Four blocks more than its inodes is the least that e2fsck takes for a group.
  return roundUp(Math.max(filled, of.inodeBlocks + 4), 8);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
