import type { FileNode } from '../file-tree.ts';
import { Ext4Limit } from './ext4-limit.ts';
import { BLOCK_BYTES, INODE_BYTES, INODE_FIELD_BYTES } from './format.ts';
import { keepXattr, type KeptXattr } from './xattr-names.ts';

/** Extended attributes of one inode: as many as fit into it, the others in a block of its own. */
export interface PlacedXattrs {
  readonly inInode: readonly KeptXattr[];
  /** Empty: no block */
  readonly inBlock: readonly KeptXattr[];
}

export const XATTR_MAGIC = 0xea02_0000;
export const XATTR_BLOCK_HEAD_BYTES = 32;
export const XATTR_ENTRY_BYTES = 16;
export const IN_INODE_BYTES = INODE_BYTES - INODE_FIELD_BYTES;
/** Ends the entries */
const END_BYTES = 4;
const IN_INODE_ROOM = IN_INODE_BYTES - 4 - END_BYTES;
const IN_BLOCK_ROOM = BLOCK_BYTES - XATTR_BLOCK_HEAD_BYTES - END_BYTES;

const none: PlacedXattrs = { inInode: [], inBlock: [] };

/** @throws Ext4Limit when they do not fit, or one is of a kind that ext4 does not have */
export function placeXattrs(node: FileNode): PlacedXattrs {
  const { xattrs } = node;
  if (xattrs === undefined || xattrs.size === 0) return none;
  const inInode: KeptXattr[] = [];
  const inBlock: KeptXattr[] = [];
  let inodeRoom = IN_INODE_ROOM;
  let blockRoom = IN_BLOCK_ROOM;
  for (const xattr of kept(node, xattrs)) {
    const bytes = bytesOf(xattr);
    if (bytes <= inodeRoom) {
      inodeRoom -= bytes;
      inInode.push(xattr);
    } else {
      blockRoom -= bytes;
      inBlock.push(xattr);
    }
  }
  if (blockRoom < 0) throw new Ext4Limit(node, 'has more extended attributes than a block holds');
  return { inInode, inBlock };
}

/** The order in which the kernel looks for them in a block: by prefix, length of name, name. */
function kept(node: FileNode, xattrs: ReadonlyMap<string, Buffer>): KeptXattr[] {
  const all = [...xattrs].map(([name, value]) => {
    const xattr = keepXattr(name, value);
    if (xattr === undefined)
      throw new Ext4Limit(node, `has the attribute "${name}", which ext4 cannot keep`);
    return xattr;
  });
  return all.sort(
    (one, other) =>
      one.prefix - other.prefix ||
      one.name.length - other.name.length ||
      (one.name < other.name ? -1 : 1),
  );
}

/** The end of an inode. */
export function encodeInInode(xattrs: readonly KeptXattr[]): Buffer {
  const area = Buffer.alloc(IN_INODE_BYTES);
  if (xattrs.length === 0) return area;
  area.writeUInt32LE(XATTR_MAGIC, 0);
  encodeEntries(area.subarray(4), { xattrs, entriesAt: 0 });
  return area;
}

export function encodeXattrBlock(xattrs: readonly KeptXattr[]): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeUInt32LE(XATTR_MAGIC, 0);
  block.writeUInt32LE(1, 4); // Inodes that have it
  block.writeUInt32LE(1, 8); // Blocks
  const hashes = encodeEntries(block, { xattrs, entriesAt: XATTR_BLOCK_HEAD_BYTES });
  let hash = 0;
  for (const entry of hashes) hash = ((hash << 16) ^ (hash >>> 16) ^ entry) >>> 0;
  block.writeUInt32LE(hash, 12);
  return block;
}

/** Entries from the front, values from the back. The result are their hashes. */
function encodeEntries(
  area: Buffer,
  { xattrs, entriesAt }: { readonly xattrs: readonly KeptXattr[]; readonly entriesAt: number },
): number[] {
  let at = entriesAt;
  let valueAt = area.length;
  return xattrs.map((xattr) => {
    const { prefix, name, value } = xattr;
    valueAt -= roundUp(value.length);
    value.copy(area, valueAt);
    const hash = hashOf(xattr);
    area.writeUInt8(name.length, at);
    area.writeUInt8(prefix, at + 1);
    area.writeUInt16LE(value.length === 0 ? 0 : valueAt, at + 2);
    area.writeUInt32LE(value.length, at + 8);
    area.writeUInt32LE(hash, at + 12);
    area.write(name, at + XATTR_ENTRY_BYTES, 'latin1');
    at += XATTR_ENTRY_BYTES + roundUp(name.length);
    return hash;
  });
}

/** Kernel, fs/ext4/xattr.c, `ext4_xattr_hash_entry`: names as unsigned bytes. */
function hashOf({ name, value }: KeptXattr): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) {
    hash = ((hash << 5) ^ (hash >>> 27) ^ name.charCodeAt(at)) >>> 0;
  }
  const padded = Buffer.alloc(roundUp(value.length));
  value.copy(padded);
  for (let at = 0; at < padded.length; at += 4) {
    hash = ((hash << 16) ^ (hash >>> 16) ^ padded.readUInt32LE(at)) >>> 0;
  }
  return hash;
}

function bytesOf({ name, value }: KeptXattr): number {
  return XATTR_ENTRY_BYTES + roundUp(name.length) + roundUp(value.length);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
