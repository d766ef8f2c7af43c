import type { ByteName } from '../file-tree.ts';
import { Ext4Damage } from './ext4-damage.ts';

const HEAD_BYTES = 8;

/**
 * Names and inodes of a directory's blocks; its own two are left out. Blocks of an index look like unused entries, so
 * they need no care.
 */
export function readDirectory(blocks: Buffer, blockBytes: number): Map<ByteName, number> {
  const entries = new Map<ByteName, number>();
  for (let start = 0; start < blocks.length; start += blockBytes) {
    const block = blocks.subarray(start, start + blockBytes);
    for (let at = 0; at < block.length;) {
      if (at + HEAD_BYTES > block.length) throw damaged();
      const inode = block.readUInt32LE(at);
      const bytes = block.readUInt16LE(at + 4);
      const nameBytes = block.readUInt8(at + 6);
      if (bytes < HEAD_BYTES + nameBytes || at + bytes > block.length) throw damaged();
      if (inode !== 0) {
        const name = block.toString('latin1', at + HEAD_BYTES, at + HEAD_BYTES + nameBytes);
        if (name !== '.' && name !== '..') add(entries, name, inode);
      }
      at += bytes;
    }
  }
  return entries;
}

function add(entries: Map<ByteName, number>, name: ByteName, inode: number): void {
  if (name === '' || /[/\0]/.test(name) || entries.has(name)) throw damaged();
  entries.set(name, inode);
}

function damaged(): Ext4Damage {
  return new Ext4Damage('a directory is damaged');
}
