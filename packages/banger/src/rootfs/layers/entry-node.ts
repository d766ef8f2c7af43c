import { flatName } from '@banger/sdk/tar/byte-name';
import type { TarEntry } from '@banger/sdk/tar/tar-entry';

import type { ByteName, ContentSource, Directory } from '../file-tree.ts';
import type { Leaf } from '../walk-path.ts';
import { linkTarget } from './entry-path.ts';
import { EntryError } from './layer-errors.ts';

/** What a directory has besides its children. */
export type Ownership = Pick<Directory, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'xattrs'>;

const MAX_ID = 0xffffffff;
/** As the kernel has them: 12 and 20 bits */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;
/** 2^32 blocks of 4 KiB, less one */
const MAX_FILE_BYTES = 2 ** 44 - 4096;
/** XATTR_NAME_MAX and XATTR_SIZE_MAX of limits.h */
const MAX_XATTR_NAME = 255;
const MAX_XATTR_VALUE = 65_536;

export function ownershipOf({ mode, uid, gid, mtimeNs, xattrs }: TarEntry): Ownership {
  if (!(uid >= 0 && uid <= MAX_ID)) throw new EntryError(`belongs to uid ${String(uid)}`);
  if (!(gid >= 0 && gid <= MAX_ID)) throw new EntryError(`belongs to gid ${String(gid)}`);
  return { mode, uid, gid, mtimeNs, xattrs: xattrs && meaningfulXattrs(xattrs) };
}

export function leafOf(entry: TarEntry, source: ContentSource): Leaf {
  const own = ownershipOf(entry);
  switch (entry.kind) {
    case 'file': {
      if (entry.size > MAX_FILE_BYTES) throw new EntryError('is larger than a file can be');
      const segments = entry.segments.map(({ at, from, size }) => ({ at, from, sizeBytes: size }));
      return { kind: 'file', ...own, sizeBytes: entry.size, content: { source, segments } };
    }
    case 'link':
      // Linux gives links no permissions of their own.
      return { kind: 'symlink', ...own, mode: 0o777, target: flatName(linkTarget(entry.linkName)) };
    case 'character device':
    case 'block device': {
      const { major, minor } = entry.device ?? { major: 0, minor: 0 };
      const isSound = major >= 0 && major <= MAX_MAJOR && minor >= 0 && minor <= MAX_MINOR;
      if (!isSound) throw new EntryError(`is device ${String(major)}:${String(minor)}`);
      return { kind: entry.kind === 'block device' ? 'block' : 'char', ...own, major, minor };
    }
    case 'FIFO':
      return { kind: 'fifo', ...own };
    case 'directory':
    case 'hard link':
      throw new Error(`a ${entry.kind} is no leaf`);
  }
}

const KEPT = /^(?:(?:user|trusted|security)\..|system\.posix_acl_(?:access|default)$)/;
/** What says how a layer is kept on some host, and not what is in it: of SELinux and overlayfs. */
const DROPPED = /^(?:security\.selinux$|(?:trusted|user)\.overlay\.)/;

/** Without those that Linux has no place for, such as other systems' own, and those of the host that made the layer. */
function meaningfulXattrs(
  xattrs: ReadonlyMap<ByteName, Buffer>,
): ReadonlyMap<ByteName, Buffer> | undefined {
  const kept = new Map<ByteName, Buffer>();
  for (const [name, value] of xattrs) {
    if (name.length > MAX_XATTR_NAME || name.includes('\0') || value.length > MAX_XATTR_VALUE) {
      throw new EntryError('has an extended attribute that no file can have');
    }
    if (KEPT.test(name) && !DROPPED.test(name)) kept.set(name, value);
  }
  return kept.size === 0 ? undefined : kept;
}
