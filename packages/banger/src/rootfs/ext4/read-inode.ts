import { type DiskImage } from './disk-image.ts';
import { Ext4Damage } from './ext4-damage.ts';
import type { Volume } from './read-superblock.ts';
import { readXattrs } from './read-xattrs.ts';

/** An inode as it is on disk, with what all kinds have. */
export interface RawInode {
  /** Kind and permissions */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly flags: number;
  readonly mtimeNs: bigint;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  /** 60 bytes: a map, a target, or the numbers of a device */
  readonly place: Buffer;
}

const OLD_INODE_BYTES = 128;
/** Of what follows the old fields, as much as has the nanoseconds */
const EXTRA_WITH_TIMES = 0x8c - OLD_INODE_BYTES;
const SECOND = 1_000_000_000n;

export function readInode(image: DiskImage, volume: Volume, number: number): RawInode {
  const { inodeBytes, inodesPerGroup, inodeTables } = volume;
  const table = inodeTables[Math.floor((number - 1) / inodesPerGroup)];
  if (number < 1 || number > volume.inodeCount || table === undefined) {
    throw new Ext4Damage(`there is no inode ${String(number)}`);
  }
  const bytes = image.read(table + ((number - 1) % inodesPerGroup) * inodeBytes, inodeBytes);
  const extraBytes = inodeBytes > OLD_INODE_BYTES ? bytes.readUInt16LE(0x80) : 0;
  const xattrBlock = bytes.readUInt32LE(0x68) + bytes.readUInt16LE(0x76) * 2 ** 32;
  const { blockBytes } = volume;
  return {
    mode: bytes.readUInt16LE(0x00),
    uid: bytes.readUInt16LE(0x02) + bytes.readUInt16LE(0x78) * 2 ** 16,
    gid: bytes.readUInt16LE(0x18) + bytes.readUInt16LE(0x7a) * 2 ** 16,
    sizeBytes: bytes.readUInt32LE(0x04) + bytes.readUInt32LE(0x6c) * 2 ** 32,
    flags: bytes.readUInt32LE(0x20),
    mtimeNs: timeOf(
      bytes.readInt32LE(0x10),
      extraBytes >= EXTRA_WITH_TIMES ? bytes.readUInt32LE(0x88) : 0,
    ),
    xattrs: readXattrs({
      inInode: bytes.subarray(OLD_INODE_BYTES + extraBytes),
      block: xattrBlock === 0 ? undefined : image.read(xattrBlock * blockBytes, blockBytes),
    }),
    place: bytes.subarray(0x28, 0x28 + 60),
  };
}

/** Two bits more for seconds, thirty for nanoseconds. */
function timeOf(seconds: number, extra: number): bigint {
  const epoch = BigInt(extra & 3) << 32n;
  return (BigInt(seconds) + epoch) * SECOND + BigInt(extra >>> 2);
}
