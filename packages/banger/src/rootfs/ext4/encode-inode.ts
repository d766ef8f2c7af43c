import type { Device, FileNode } from '../file-tree.ts';
import { encodeExtents, type Extent, MAX_EXTENT_BLOCKS } from './extents.ts';
import {
  BLOCK_BYTES,
  FAST_SYMLINK_BYTES,
  fileTypes,
  INODE_BYTES,
  INODE_FIELD_BYTES,
  inodeFlags,
} from './format.ts';
import { type PlannedInode, xattrBlockAt } from './layout.ts';
import { encodeInInode } from './xattrs.ts';

export interface InodeOptions {
  /** Where content begins */
  readonly contentAt: number;
  /** No time is later */
  readonly newestNs: bigint | undefined;
}

const SECTORS_PER_BLOCK = BLOCK_BYTES / 512;
const MAP_AT = 0x28;

/** An inode as it is on disk. All of its times are that of its content: the others are nothing that was ever given. */
export function encodeInode(inode: PlannedInode, options: InodeOptions): Buffer {
  const { node, links, xattrs, ownBlocks, runs, hasIndex } = inode;
  const bytes = Buffer.alloc(INODE_BYTES);
  const sizeBytes = sizeOf(inode);
  const xattrBlock = xattrBlockAt(inode);
  const data = runs.reduce((sum, { blockCount }) => sum + blockCount, 0);
  const sectors = (ownBlocks + data + (xattrBlock === undefined ? 0 : 1)) * SECTORS_PER_BLOCK;
  const hasExtents = hasMap(node);

  bytes.writeUInt16LE(fileTypes[node.kind] | node.mode, 0x00);
  bytes.writeUInt16LE(node.uid & 0xffff, 0x02);
  bytes.writeUInt32LE(sizeBytes % 2 ** 32, 0x04);
  bytes.writeUInt16LE(node.gid & 0xffff, 0x18);
  bytes.writeUInt16LE(links, 0x1a);
  bytes.writeUInt32LE(sectors % 2 ** 32, 0x1c);
  bytes.writeUInt32LE(
    (hasExtents ? inodeFlags.extents : 0) | (hasIndex ? inodeFlags.index : 0),
    0x20,
  );
  if (hasExtents)
    encodeExtents(extentsOf(inode, options), options.contentAt + inode.ownAt).root.copy(
      bytes,
      MAP_AT,
    );
  else writeInPlace(bytes.subarray(MAP_AT), node);
  bytes.writeUInt32LE(xattrBlock === undefined ? 0 : options.contentAt + xattrBlock, 0x68);
  bytes.writeUInt32LE(Math.floor(sizeBytes / 2 ** 32), 0x6c);
  bytes.writeUInt16LE(Math.floor(sectors / 2 ** 32), 0x74);
  bytes.writeUInt16LE(node.uid >>> 16, 0x78);
  bytes.writeUInt16LE(node.gid >>> 16, 0x7a);
  bytes.writeUInt16LE(INODE_FIELD_BYTES - 128, 0x80);
  writeTimes(bytes, node.mtimeNs, options.newestNs);
  if (xattrs.inInode.length > 0) encodeInInode(xattrs.inInode).copy(bytes, INODE_FIELD_BYTES);
  return bytes;
}

/** The blocks with the index of a file's extents, when it has any. */
export function encodeIndex(inode: PlannedInode, options: InodeOptions): Buffer {
  return encodeExtents(extentsOf(inode, options), options.contentAt + inode.ownAt).index;
}

function hasMap(node: FileNode): boolean {
  if (node.kind === 'symlink') return node.target.length >= FAST_SYMLINK_BYTES;
  return node.kind === 'file' || node.kind === 'directory';
}

function sizeOf({ node, ownBlocks }: PlannedInode): number {
  switch (node.kind) {
    case 'directory':
      return ownBlocks * BLOCK_BYTES;
    case 'file':
      return node.sizeBytes;
    case 'symlink':
      return node.target.length;
    case 'char':
    case 'block':
    case 'fifo':
      return 0;
  }
}

function extentsOf(
  { node, ownAt, ownBlocks, runs }: PlannedInode,
  { contentAt }: InodeOptions,
): Extent[] {
  const parts = node.kind === 'file' ? runs : [{ fileBlock: 0, at: ownAt, blockCount: ownBlocks }];
  return parts.flatMap(({ fileBlock, at, blockCount }) =>
    Array.from({ length: Math.ceil(blockCount / MAX_EXTENT_BLOCKS) }, (_, part) => {
      const start = part * MAX_EXTENT_BLOCKS;
      return {
        fileBlock: fileBlock + start,
        diskBlock: contentAt + at + start,
        blockCount: Math.min(MAX_EXTENT_BLOCKS, blockCount - start),
      };
    }),
  );
}

function writeInPlace(area: Buffer, node: FileNode): void {
  if (node.kind === 'symlink') area.write(node.target, 'latin1');
  if (node.kind === 'char' || node.kind === 'block') writeDevice(area, node);
}

/** Small numbers in the form that Linux always had, others in the one it has had since 2.6. */
function writeDevice(area: Buffer, { major, minor }: Device): void {
  if (major < 256 && minor < 256) area.writeUInt32LE((major << 8) | minor, 0);
  else area.writeUInt32LE(((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0, 4);
}

const NS = 1_000_000_000n;
/** 34 bits, from 1901 to 2446; what is beyond becomes the last that there is, as the kernel does it. */
const FIRST_SECOND = -(2n ** 31n);
const LAST_SECOND = 2n ** 34n - 2n ** 31n - 1n;

function writeTimes(bytes: Buffer, mtimeNs: bigint, newestNs: bigint | undefined): void {
  const ns = newestNs !== undefined && mtimeNs > newestNs ? newestNs : mtimeNs;
  const rest = ((ns % NS) + NS) % NS;
  const exact = (ns - rest) / NS;
  const seconds = exact < FIRST_SECOND ? FIRST_SECOND : exact > LAST_SECOND ? LAST_SECOND : exact;
  const nanoseconds = seconds === exact ? rest : 0n;
  const low = BigInt.asIntN(32, seconds);
  const extra = Number((nanoseconds << 2n) | (((seconds - low) >> 32n) & 3n));
  for (const at of [0x08, 0x0c, 0x10, 0x90]) bytes.writeInt32LE(Number(low), at);
  for (const at of [0x84, 0x88, 0x8c, 0x94]) bytes.writeUInt32LE(extra, at);
}
