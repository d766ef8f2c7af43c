import type { DiskImage } from './disk-image.ts';
import { Ext4Damage } from './ext4-damage.ts';
import {
  DESCRIPTOR_BYTES,
  EXT4_MAGIC,
  incompat,
  SUPERBLOCK_AT,
  SUPERBLOCK_BYTES,
} from './format.ts';

/** What is needed of a superblock and the descriptors to find inodes and blocks. */
export interface Volume {
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly inodeBytes: number;
  readonly inodeCount: number;
  readonly inodesPerGroup: number;
  /** Where each group's inodes begin, in bytes */
  readonly inodeTables: readonly number[];
}

const { filetype, extents, is64Bit, flexBg, csumSeed, largedir } = incompat;
const KNOWN = filetype | extents | is64Bit | flexBg | csumSeed | largedir;
const names: readonly (readonly [number, string])[] = [
  [incompat.recover, 'a journal that must be replayed (e2fsck -fy does it)'],
  [0x8, 'its journal elsewhere'],
  [0x10, 'meta_bg'],
  [0x100, 'mmp'],
  [0x400, 'ea_inode'],
  [incompat.inlineData, 'inline_data'],
  [0x1_0000, 'encrypt'],
  [0x2_0000, 'casefold'],
];
const BIGALLOC = 0x200;
const LARGEST_BLOCK_LOG = 2; // 4096
const LARGEST_INODE_BYTES = 4096;

/** @throws Ext4Damage also for what is an ext4, but of a form that is not read */
export function readSuperblock(image: DiskImage): Volume {
  const at = image.read(SUPERBLOCK_AT, SUPERBLOCK_BYTES);
  if (at.readUInt16LE(0x38) !== EXT4_MAGIC) throw new Ext4Damage('it is no ext4 file system');
  refuseUnknown(at.readUInt32LE(0x60), at.readUInt32LE(0x64));
  const blockLog = at.readUInt32LE(0x18);
  const inodeBytes = at.readUInt32LE(0x4c) === 0 ? 128 : at.readUInt16LE(0x58);
  const inodesPerGroup = at.readUInt32LE(0x28);
  const blocksPerGroup = at.readUInt32LE(0x20);
  if (
    blockLog > LARGEST_BLOCK_LOG ||
    inodeBytes < 128 ||
    inodeBytes > LARGEST_INODE_BYTES ||
    inodesPerGroup === 0 ||
    blocksPerGroup === 0
  ) {
    throw new Ext4Damage('its superblock has sizes that cannot be');
  }
  const blockBytes = 1024 << blockLog;
  const isLarge = (at.readUInt32LE(0x60) & is64Bit) !== 0;
  const blockCount = at.readUInt32LE(0x04) + (isLarge ? at.readUInt32LE(0x150) * 2 ** 32 : 0);
  if (blockCount * blockBytes > image.sizeBytes) {
    throw new Ext4Damage('it is shorter than its superblock says');
  }
  const firstBlock = at.readUInt32LE(0x14);
  const groupCount = Math.ceil((blockCount - firstBlock) / blocksPerGroup);
  const inodeCount = at.readUInt32LE(0x00);
  if (inodeCount > groupCount * inodesPerGroup) {
    throw new Ext4Damage('its superblock has more inodes than groups');
  }
  const descriptorBytes = isLarge ? at.readUInt16LE(0xfe) : DESCRIPTOR_BYTES;
  if (descriptorBytes < (isLarge ? 64 : DESCRIPTOR_BYTES)) {
    throw new Ext4Damage('its superblock has sizes that cannot be');
  }
  const descriptors = image.read((firstBlock + 1) * blockBytes, groupCount * descriptorBytes);
  const inodeTables = Array.from({ length: groupCount }, (_, group) => {
    const start = group * descriptorBytes;
    const high = isLarge ? descriptors.readUInt32LE(start + 0x28) : 0;
    return (high * 2 ** 32 + descriptors.readUInt32LE(start + 0x08)) * blockBytes;
  });
  return { blockBytes, blockCount, inodeBytes, inodeCount, inodesPerGroup, inodeTables };
}

function refuseUnknown(incompatible: number, readOnlyCompatible: number): void {
  const unknown = incompatible & ~KNOWN;
  const known = names.find(([bit]) => (unknown & bit) !== 0);
  if (unknown !== 0) {
    throw new Ext4Damage(
      `it has ${known?.[1] ?? `feature 0x${unknown.toString(16)}`}, which is not read`,
    );
  }
  if ((readOnlyCompatible & BIGALLOC) !== 0) {
    throw new Ext4Damage('it has bigalloc, which is not read');
  }
}
