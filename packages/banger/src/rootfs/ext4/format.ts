/**
 * Numbers of ext4 as they are on disk: the kernel's Documentation/filesystems/ext4 and lib/ext2fs/ext2_fs.h of
 * e2fsprogs. What we write is fixed here; what the reader copes with beyond that is in `read-superblock.ts`.
 */
export const BLOCK_BYTES = 4096;
export const INODE_BYTES = 256;
/** What of an inode is used by fields; extended attributes follow */
export const INODE_FIELD_BYTES = 160;
export const DESCRIPTOR_BYTES = 32;
export const SUPERBLOCK_AT = 1024;
export const SUPERBLOCK_BYTES = 1024;
export const EXT4_MAGIC = 0xef53;

export const ROOT_INODE = 2;
/** The first that is not reserved */
export const FIRST_INODE = 11;

export const compat = { hasJournal: 0x4, extAttr: 0x8, dirIndex: 0x20, sparseSuper2: 0x200 };
export const incompat = {
  filetype: 0x2,
  recover: 0x4,
  extents: 0x40,
  is64Bit: 0x80,
  flexBg: 0x200,
  csumSeed: 0x2000,
  largedir: 0x4000,
  inlineData: 0x8000,
};
export const roCompat = { largeFile: 0x2, hugeFile: 0x8, dirNlink: 0x20, extraIsize: 0x40 };

export const inodeFlags = {
  hugeFile: 0x40000,
  index: 0x1000,
  extents: 0x80000,
  inlineData: 0x1000_0000,
};

/** `S_IFMT` and the bits below it */
export const fileTypes = {
  fifo: 0x1000,
  char: 0x2000,
  directory: 0x4000,
  block: 0x6000,
  file: 0x8000,
  symlink: 0xa000,
};

/** In a directory's entries */
export const entryTypes = { file: 1, directory: 2, char: 3, block: 4, fifo: 5, symlink: 7 };

/** Names that one inode may have; a directory with more directories in it counts 1 (`dir_nlink`) */
export const MAX_LINKS = 65_000;
/** Blocks are counted in 32 bits, and the last number means something else */
export const MAX_FILE_BYTES = (2 ** 32 - 1) * BLOCK_BYTES;
/** Targets shorter than this are in the inode */
export const FAST_SYMLINK_BYTES = 60;

export function blocksFor(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}
