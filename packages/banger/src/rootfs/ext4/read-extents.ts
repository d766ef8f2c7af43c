import type { DiskImage } from './disk-image.ts';
import { Ext4Damage } from './ext4-damage.ts';
import { EXTENT_MAGIC, EXTENT_RECORD_BYTES, type Extent, MAX_EXTENT_BLOCKS } from './extents.ts';
import type { ReadBudget } from './read-budget.ts';
import type { Volume } from './read-superblock.ts';

const MAX_DEPTH = 5;

export interface ExtentReading {
  readonly image: DiskImage;
  readonly volume: Volume;
  readonly budget: ReadBudget;
}

/** The map in an inode, in order; what is allocated and was never written is a hole. */
export function readExtents(reading: ExtentReading, root: Buffer): Extent[] {
  const extents: Extent[] = [];
  readNode(reading, { node: root, depth: undefined, extents });
  return extents;
}

interface NodeReading {
  readonly node: Buffer;
  /** undefined: the root says */
  readonly depth: number | undefined;
  readonly extents: Extent[];
}

function readNode(reading: ExtentReading, { node, depth, extents }: NodeReading): void {
  const { image, volume, budget } = reading;
  const count = node.readUInt16LE(2);
  const found = node.readUInt16LE(6);
  const isNode =
    node.readUInt16LE(0) === EXTENT_MAGIC &&
    (count + 1) * EXTENT_RECORD_BYTES <= node.length &&
    (depth === undefined ? found <= MAX_DEPTH : found === depth);
  if (!isNode) throw new Ext4Damage('the map of a file is damaged');
  for (let index = 1; index <= count; index += 1) {
    const at = index * EXTENT_RECORD_BYTES;
    budget.count();
    if (found === 0) addExtent(volume, extents, node.subarray(at, at + EXTENT_RECORD_BYTES));
    else {
      const block = node.readUInt32LE(at + 4) + node.readUInt16LE(at + 8) * 2 ** 32;
      const below = image.read(block * volume.blockBytes, volume.blockBytes);
      readNode(reading, { node: below, depth: found - 1, extents });
    }
  }
}

function addExtent(volume: Volume, extents: Extent[], record: Buffer): void {
  const fileBlock = record.readUInt32LE(0);
  const length = record.readUInt16LE(4);
  const isWritten = length <= MAX_EXTENT_BLOCKS;
  const blockCount = isWritten ? length : length - MAX_EXTENT_BLOCKS;
  const diskBlock = record.readUInt32LE(8) + record.readUInt16LE(6) * 2 ** 32;
  const last = extents.at(-1);
  if (
    fileBlock < (last === undefined ? 0 : last.fileBlock + last.blockCount) ||
    blockCount === 0 ||
    diskBlock + blockCount > volume.blockCount
  ) {
    throw new Ext4Damage('the map of a file is damaged');
  }
  if (isWritten) extents.push({ fileBlock, diskBlock, blockCount });
}
