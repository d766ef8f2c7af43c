import type { HashSeed } from './directory-hash.ts';
import {
  BLOCK_BYTES,
  compat,
  DESCRIPTOR_BYTES,
  EXT4_MAGIC,
  FIRST_INODE,
  incompat,
  INODE_BYTES,
  INODE_FIELD_BYTES,
  roCompat,
  SUPERBLOCK_AT,
} from './format.ts';
import type { Geometry } from './geometry.ts';

/** Fixed, as the file is named by its content: two file systems of the same tree are the same file. */
const FILE_SYSTEM_UUID = Buffer.from('5f0f7d2c6b1e4c559d3a62616e676572', 'hex');

export const fileSystemHashSeed: HashSeed = [
  FILE_SYSTEM_UUID.readUInt32LE(0),
  FILE_SYSTEM_UUID.readUInt32LE(4),
  FILE_SYSTEM_UUID.readUInt32LE(8),
  FILE_SYSTEM_UUID.readUInt32LE(12),
];

const BLOCK_SIZE_LOG = 2; // 1024 << 2
const CLEAN = 1;
const ON_ERROR_CONTINUE = 1;
const NEVER = 0xffff;
const HALF_MD4 = 1;
const UNSIGNED_HASH = 2;
/** `user_xattr` and `acl` */
const MOUNT_OPTIONS = 0xc;
const LABEL_BYTES = 16;

/** The first block: nothing of it depends on when or where it was made, and there are no copies of it. */
export function encodeSuperblock(
  geometry: Geometry,
  { inodeCount, label }: { readonly inodeCount: number; readonly label: string },
): Buffer {
  if (Buffer.byteLength(label) > LABEL_BYTES) throw new Error(`"${label}" is too long a label`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const at = block.subarray(SUPERBLOCK_AT);
  const { groupCount, blocksPerGroup, inodesPerGroup, blockCount, usedBlocks } = geometry;
  at.writeUInt32LE(groupCount * inodesPerGroup, 0x00);
  at.writeUInt32LE(blockCount, 0x04);
  at.writeUInt32LE(blockCount - usedBlocks, 0x0c);
  at.writeUInt32LE(groupCount * inodesPerGroup - inodeCount, 0x10);
  at.writeUInt32LE(BLOCK_SIZE_LOG, 0x18);
  at.writeUInt32LE(BLOCK_SIZE_LOG, 0x1c);
  at.writeUInt32LE(blocksPerGroup, 0x20);
  at.writeUInt32LE(blocksPerGroup, 0x24);
  at.writeUInt32LE(inodesPerGroup, 0x28);
  at.writeUInt16LE(NEVER, 0x36);
  at.writeUInt16LE(EXT4_MAGIC, 0x38);
  at.writeUInt16LE(CLEAN, 0x3a);
  at.writeUInt16LE(ON_ERROR_CONTINUE, 0x3c);
  at.writeUInt32LE(1, 0x4c); // Revision
  at.writeUInt32LE(FIRST_INODE, 0x54);
  at.writeUInt16LE(INODE_BYTES, 0x58);
  at.writeUInt32LE(compat.extAttr | compat.dirIndex | compat.sparseSuper2, 0x5c);
  at.writeUInt32LE(incompat.filetype | incompat.extents | incompat.flexBg, 0x60);
  at.writeUInt32LE(
    roCompat.largeFile | roCompat.hugeFile | roCompat.dirNlink | roCompat.extraIsize,
    0x64,
  );
  FILE_SYSTEM_UUID.copy(at, 0x68);
  at.write(label, 0x78);
  FILE_SYSTEM_UUID.copy(at, 0xec); // Seed of hashes
  at.writeUInt8(HALF_MD4, 0xfc);
  at.writeUInt32LE(MOUNT_OPTIONS, 0x100);
  at.writeUInt16LE(INODE_FIELD_BYTES - 128, 0x15c);
  at.writeUInt16LE(INODE_FIELD_BYTES - 128, 0x15e);
  at.writeUInt32LE(UNSIGNED_HASH, 0x160);
  at.writeUInt8(4, 0x174); // 16 groups together, as mke2fs has it; with all of them in front it means nothing.
  return block;
}

/** How much of each group is in use: everything from the front on. */
export interface GroupUse {
  readonly usedBlocks: number;
  readonly blocks: number;
  readonly usedInodes: number;
  readonly directories: number;
}

export function encodeDescriptors(geometry: Geometry, uses: readonly GroupUse[]): Buffer {
  const { descriptorBlocks, blockBitmapsAt, inodeBitmapsAt, inodesAt, inodesPerGroup } = geometry;
  const inodeBlocks = (inodesPerGroup * INODE_BYTES) / BLOCK_BYTES;
  const table = Buffer.alloc(descriptorBlocks * BLOCK_BYTES);
  for (const [group, use] of uses.entries()) {
    const at = table.subarray(group * DESCRIPTOR_BYTES);
    at.writeUInt32LE(blockBitmapsAt + group, 0x00);
    at.writeUInt32LE(inodeBitmapsAt + group, 0x04);
    at.writeUInt32LE(inodesAt + group * inodeBlocks, 0x08);
    at.writeUInt16LE(use.blocks - use.usedBlocks, 0x0c);
    at.writeUInt16LE(inodesPerGroup - use.usedInodes, 0x0e);
    at.writeUInt16LE(use.directories, 0x10);
  }
  return table;
}
