import { BangerError } from '@banger/protocol/errors';

import type {
  ByteName,
  ContentSource,
  Device,
  Directory,
  FileNode,
  RegularFile,
  Segment,
} from '../file-tree.ts';
import { DiskImage } from './disk-image.ts';
import { Ext4Damage } from './ext4-damage.ts';
import type { Extent } from './extents.ts';
import { fileSource } from './file-source.ts';
import { FAST_SYMLINK_BYTES, fileTypes, inodeFlags, ROOT_INODE } from './format.ts';
import { ReadBudget } from './read-budget.ts';
import { readDirectory } from './read-directory.ts';
import { readExtents } from './read-extents.ts';
import { type RawInode, readInode } from './read-inode.ts';
import { readSuperblock } from './read-superblock.ts';

/**
 * The tree in an ext4 file: one that we wrote, or another's of a common form (extents; with or without journal, checksums,
 * indexed directories). Contents stay where they are. Nothing that it says is believed: places, lengths, counts and
 * the shape of the tree are checked, and how much is read of it is bounded.
 *
 * @throws BangerError `image.bad_content` naming the file
 */
export function readExt4(file: string): Directory {
  using image = new DiskImage(file);
  try {
    return new TreeReader(image).read();
  } catch (cause) {
    if (!(cause instanceof Ext4Damage)) throw cause;
    throw new BangerError(
      'image.bad_content',
      `Cannot read root disk "${file}": ${cause.message}`,
      {
        cause,
        hint: `e2fsck -fn ${file}`,
      },
    );
  }
}

const KIND_BITS = 0xf000;
const PERMISSION_BITS = 0xfff;
const MAX_TARGET_BYTES = 4095;
/** A path has 4095 bytes, and a name with its slash two of them at least */
const MAX_DEPTH = 2047;

class TreeReader {
  readonly #image: DiskImage;
  readonly #budget = new ReadBudget();
  readonly #volume;
  readonly #source: ContentSource;
  /** By number: those with several names are one node */
  readonly #nodes = new Map<number, FileNode>();

  constructor(image: DiskImage) {
    this.#image = image;
    this.#volume = readSuperblock(image);
    this.#source = fileSource(image.path);
  }

  /** From the root on, each directory opened before what is in it is. */
  read(): Directory {
    const root = this.#openDirectory(ROOT_INODE, this.#inode(ROOT_INODE), 0);
    const open = [root];
    for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
      for (const [name, number] of dir.entries) {
        const known = this.#nodes.get(number);
        if (known?.kind === 'directory') throw new Ext4Damage('a directory is in two places');
        if (known !== undefined) {
          dir.children.set(name, known);
          continue;
        }
        const raw = this.#inode(number);
        if ((raw.mode & KIND_BITS) === fileTypes.directory) {
          const below = this.#openDirectory(number, raw, dir.depth + 1);
          dir.children.set(name, below.node);
          open.push(below);
        } else {
          const node = this.#leaf(raw);
          if (node === undefined) continue;
          this.#nodes.set(number, node);
          dir.children.set(name, node);
        }
      }
    }
    return root.node;
  }

  #inode(number: number): RawInode {
    const raw = readInode(this.#image, this.#volume, number);
    for (const [name, value] of raw.xattrs ?? []) {
      this.#budget.countBytes(name.length + value.length);
    }
    return raw;
  }

  #openDirectory(number: number, raw: RawInode, depth: number): OpenDirectory {
    if (depth > MAX_DEPTH) throw new Ext4Damage('its directories are deeper than a path can be');
    if ((raw.mode & KIND_BITS) !== fileTypes.directory)
      throw new Ext4Damage('its root is no directory');
    this.#budget.countBytes(raw.sizeBytes);
    const entries = readDirectory(this.#content(raw), this.#volume.blockBytes);
    for (const _ of entries) this.#budget.count();
    const children = new Map<ByteName, FileNode>();
    const node: Directory = { kind: 'directory', ...ownOf(raw), children };
    this.#nodes.set(number, node);
    return { node, children, entries, depth };
  }

  /** undefined: a socket, which means nothing in an image */
  #leaf(raw: RawInode): FileNode | undefined {
    const own = ownOf(raw);
    switch (raw.mode & KIND_BITS) {
      case fileTypes.file:
        return this.#file(raw);
      case fileTypes.symlink:
        return { kind: 'symlink', ...own, target: this.#target(raw) };
      case fileTypes.char:
        return { kind: 'char', ...own, ...deviceOf(raw) };
      case fileTypes.block:
        return { kind: 'block', ...own, ...deviceOf(raw) };
      case fileTypes.fifo:
        return { kind: 'fifo', ...own };
      default:
        return undefined;
    }
  }

  #file(raw: RawInode): RegularFile {
    const { sizeBytes } = raw;
    if (!Number.isSafeInteger(sizeBytes)) throw new Ext4Damage('a file is too large');
    const segments = this.#segments(raw);
    return { kind: 'file', ...ownOf(raw), sizeBytes, content: { source: this.#source, segments } };
  }

  #target(raw: RawInode): ByteName {
    if (raw.sizeBytes > MAX_TARGET_BYTES) throw new Ext4Damage('the target of a link is too long');
    this.#budget.countBytes(raw.sizeBytes);
    const isInPlace = raw.sizeBytes < FAST_SYMLINK_BYTES && (raw.flags & inodeFlags.extents) === 0;
    const bytes = isInPlace ? raw.place.subarray(0, raw.sizeBytes) : this.#content(raw);
    const target = bytes.toString('latin1');
    if (target === '' || target.includes('\0')) throw new Ext4Damage('a link has no target');
    return target;
  }

  /** The whole of something small; holes are zeros. */
  #content(raw: RawInode): Buffer {
    const bytes = Buffer.alloc(raw.sizeBytes);
    for (const { at, from, sizeBytes } of this.#segments(raw)) {
      this.#image.read(from, sizeBytes).copy(bytes, at);
    }
    return bytes;
  }

  #segments(raw: RawInode): Segment[] {
    const { blockBytes } = this.#volume;
    const segments: { at: number; from: number; sizeBytes: number }[] = [];
    for (const { fileBlock, diskBlock, blockCount } of this.#extents(raw)) {
      const at = fileBlock * blockBytes;
      const from = diskBlock * blockBytes;
      const sizeBytes = Math.min(blockCount * blockBytes, raw.sizeBytes - at);
      if (sizeBytes <= 0) break; // Allocated beyond the end
      const last = segments.at(-1);
      const goesOn =
        last !== undefined &&
        last.at + last.sizeBytes === at &&
        last.from + last.sizeBytes === from;
      if (goesOn) last.sizeBytes += sizeBytes;
      else segments.push({ at, from, sizeBytes });
    }
    return segments;
  }

  #extents(raw: RawInode): readonly Extent[] {
    if ((raw.flags & inodeFlags.extents) !== 0) {
      return readExtents(
        { image: this.#image, volume: this.#volume, budget: this.#budget },
        raw.place,
      );
    }
    if (raw.place.every((byte) => byte === 0)) return []; // Of ext2, and empty
    throw new Ext4Damage(
      'a file has its blocks in a list, as ext2 has them (tune2fs cannot change that; mkfs.ext4 -d makes it anew)',
    );
  }
}

interface OpenDirectory {
  readonly node: Directory;
  readonly children: Map<ByteName, FileNode>;
  readonly entries: ReadonlyMap<ByteName, number>;
  readonly depth: number;
}

function ownOf({ mode, uid, gid, mtimeNs, xattrs }: RawInode) {
  return { mode: mode & PERMISSION_BITS, uid, gid, mtimeNs, xattrs };
}

function deviceOf({ place }: RawInode): Pick<Device, 'major' | 'minor'> {
  const old = place.readUInt32LE(0);
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
  const number = place.readUInt32LE(4);
  return { major: (number >>> 8) & 0xfff, minor: (number & 0xff) | ((number >>> 12) & 0xfff00) };
}
