import { BLOCK_BYTES } from './format.ts';

/** Consecutive blocks of a file that are consecutive on disk. */
export interface Extent {
  readonly fileBlock: number;
  readonly diskBlock: number;
  /** At most `MAX_EXTENT_BLOCKS` */
  readonly blockCount: number;
}

/** One more would mean that the blocks are allocated and not written. */
export const MAX_EXTENT_BLOCKS = 32_768;
export const EXTENT_MAGIC = 0xf30a;
export const EXTENT_RECORD_BYTES = 12;

const IN_INODE = 4;
const PER_BLOCK = Math.floor(BLOCK_BYTES / EXTENT_RECORD_BYTES) - 1;

/** A header's worth of records: of extents at depth 0, of the nodes below otherwise. */
interface Node {
  readonly fileBlock: number;
  readonly diskBlock: number;
}

/** Blocks of their own that a map of so many extents needs. */
export function indexBlockCount(extentCount: number): number {
  let total = 0;
  for (let count = extentCount; count > IN_INODE;) {
    count = Math.ceil(count / PER_BLOCK);
    total += count;
  }
  return total;
}

export interface ExtentMap {
  /** The 60 bytes in the inode */
  readonly root: Buffer;
  /** What belongs at `indexAt`, `indexBlockCount` blocks */
  readonly index: Buffer;
}

export function encodeExtents(extents: readonly Extent[], indexAt: number): ExtentMap {
  const index = Buffer.alloc(indexBlockCount(extents.length) * BLOCK_BYTES);
  let used = 0;
  let depth = 0;
  let records: readonly (Extent | Node)[] = extents;
  while (records.length > IN_INODE) {
    const nodes: Node[] = [];
    for (let first = 0; first < records.length; first += PER_BLOCK) {
      const part = records.slice(first, first + PER_BLOCK);
      const block = index.subarray(used * BLOCK_BYTES, (used + 1) * BLOCK_BYTES);
      encodeNode(block, { depth, records: part, capacity: PER_BLOCK });
      nodes.push({ fileBlock: part[0]?.fileBlock ?? 0, diskBlock: indexAt + used });
      used += 1;
    }
    records = nodes;
    depth += 1;
  }
  const root = Buffer.alloc(60);
  encodeNode(root, { depth, records, capacity: IN_INODE });
  return { root, index };
}

function encodeNode(
  target: Buffer,
  node: {
    readonly depth: number;
    readonly records: readonly (Extent | Node)[];
    readonly capacity: number;
  },
): void {
  target.writeUInt16LE(EXTENT_MAGIC, 0);
  target.writeUInt16LE(node.records.length, 2);
  target.writeUInt16LE(node.capacity, 4);
  target.writeUInt16LE(node.depth, 6);
  for (const [at, record] of node.records.entries()) {
    const start = EXTENT_RECORD_BYTES * (at + 1);
    const high = Math.floor(record.diskBlock / 2 ** 32);
    const low = record.diskBlock % 2 ** 32;
    target.writeUInt32LE(record.fileBlock, start);
    if ('blockCount' in record) {
      target.writeUInt16LE(record.blockCount, start + 4);
      target.writeUInt16LE(high, start + 6);
      target.writeUInt32LE(low, start + 8);
    } else {
      target.writeUInt32LE(low, start + 4);
      target.writeUInt16LE(high, start + 8);
    }
  }
}
