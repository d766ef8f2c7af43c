import type { ByteName } from './byte-name.ts';

/** What an archive says of one thing in it. */
export interface TarHeader {
  readonly name: ByteName;
  readonly kind: TarKind;
  /** Of a link: where it leads; of a hard link: the name in the archive */
  readonly linkName: ByteName;
  /** Permissions, 12 bits */
  readonly mode: number;
  /** Whole numbers; anybody's, so perhaps none that a file can have */
  readonly uid: number;
  readonly gid: number;
  /** Since 1970; negative before */
  readonly mtimeNs: bigint;
  /** Of a file, its holes counted; else 0 */
  readonly size: number;
  /** Of a device */
  readonly device?: DeviceNumbers | undefined;
  /** Extended attributes by full name (`security.capability`); undefined: none */
  readonly xattrs?: ReadonlyMap<ByteName, Buffer> | undefined;
}

export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

export type TarKind =
  'file' | 'directory' | 'link' | 'hard link' | 'character device' | 'block device' | 'FIFO';

/** A part of a file that is not a hole. */
export interface Segment {
  readonly at: number;
  readonly size: number;
}

/** The same, with its place in the archive. */
export interface StoredSegment extends Segment {
  /** Offset from the archive's beginning */
  readonly from: number;
}

/** A piece of a file's content, and where it belongs. */
export interface Piece {
  readonly at: number;
  readonly bytes: Buffer;
}

export interface TarEntry extends TarHeader {
  /** Where the content is; in order, within `size`, none empty */
  readonly segments: readonly StoredSegment[];
  /** The content, in order and once; what is not read is skipped when the next entry is asked for. */
  readonly pieces: AsyncIterable<Piece>;
}

export const TAR_BLOCK = 512;

/** How many bytes fill up the last block. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

/** By the type flag of pax(1), and GNU tar's own: S is a sparse file, D a directory with a list of its names. */
export const kindOfFlag: Readonly<Record<string, TarKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hard link',
  '2': 'link',
  '3': 'character device',
  '4': 'block device',
  '5': 'directory',
  D: 'directory',
  '6': 'FIFO',
};

export const flagOfKind: Readonly<Record<TarKind, string>> = {
  file: '0',
  'hard link': '1',
  link: '2',
  'character device': '3',
  'block device': '4',
  directory: '5',
  FIFO: '6',
};
