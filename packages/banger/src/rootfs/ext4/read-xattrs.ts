import type { ByteName } from '../file-tree.ts';
import { Ext4Damage } from './ext4-damage.ts';
import { showXattr } from './xattr-names.ts';
import { XATTR_BLOCK_HEAD_BYTES, XATTR_ENTRY_BYTES, XATTR_MAGIC } from './xattrs.ts';

export interface XattrAreas {
  /** What follows the fields of an inode */
  readonly inInode: Buffer;
  /** undefined: it has no block of them */
  readonly block: Buffer | undefined;
}

/** undefined: there are none */
export function readXattrs({ inInode, block }: XattrAreas): Map<ByteName, Buffer> | undefined {
  const found = new Map<ByteName, Buffer>();
  if (inInode.length >= 4 && inInode.readUInt32LE(0) === XATTR_MAGIC) {
    readEntries(inInode.subarray(4), 0, found);
  }
  if (block !== undefined) {
    if (block.readUInt32LE(0) !== XATTR_MAGIC) throw damaged();
    readEntries(block, XATTR_BLOCK_HEAD_BYTES, found);
  }
  return found.size === 0 ? undefined : found;
}

function readEntries(area: Buffer, start: number, found: Map<ByteName, Buffer>): void {
  for (let at = start; at + 4 <= area.length && area.readUInt32LE(at) !== 0;) {
    if (at + XATTR_ENTRY_BYTES > area.length) throw damaged();
    const nameBytes = area.readUInt8(at);
    const prefix = area.readUInt8(at + 1);
    const valueAt = area.readUInt16LE(at + 2);
    const valueBytes = area.readUInt32LE(at + 8);
    const nameEnd = at + XATTR_ENTRY_BYTES + nameBytes;
    const isElsewhere = area.readUInt32LE(at + 4) !== 0;
    if (isElsewhere || nameEnd > area.length || valueAt + valueBytes > area.length) throw damaged();
    const name = area.toString('latin1', at + XATTR_ENTRY_BYTES, nameEnd);
    const value = Buffer.from(area.subarray(valueAt, valueAt + valueBytes));
    const shown = showXattr({ prefix, name, value });
    if (shown !== undefined) found.set(...shown);
    at = Math.ceil(nameEnd / 4) * 4;
  }
}

function damaged(): Ext4Damage {
  return new Ext4Damage('the extended attributes of a file are damaged');
}
