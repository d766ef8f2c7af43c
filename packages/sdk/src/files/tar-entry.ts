import type { ByteName } from './byte-name.ts';

/** What an archive says of one thing in it. */
export interface TarHeader {
  readonly name: ByteName;
  readonly kind: TarKind;
  /** Of a link: where it leads; of a hard link: the name in the archive */
  readonly linkName: ByteName;
  /** Permissions, 12 bits */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  /** Of a file, its holes counted; else 0 */
  readonly size: number;
}

export type TarKind = 'file' | 'directory' | 'link' | 'hard link' | 'device' | 'FIFO';

/** A part of a file that is not a hole. */
export interface Segment {
  readonly at: number;
  readonly size: number;
}

/** A piece of a file's content, and where it belongs. */
export interface Piece {
  readonly at: number;
  readonly bytes: Buffer;
}

export interface TarEntry extends TarHeader {
  /** The content, in order and once; what is not read is skipped when the next entry is asked for. */
  readonly pieces: AsyncIterable<Piece>;
}

export const TAR_BLOCK = 512;

/** How many bytes fill up the last block. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

/** By the type flag of pax(1). */
export const kindOfFlag: Readonly<Record<string, TarKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'link',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'FIFO',
};

export const flagOfKind: Readonly<Record<TarKind, string>> = {
  file: '0',
  'hard link': '1',
  link: '2',
  device: '3',
  directory: '5',
  FIFO: '6',
};
