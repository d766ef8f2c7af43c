import type { ByteName } from './file-tree.ts';

/** A layer as it lies on disk: a tar, perhaps compressed. */
export interface LayerFile {
  readonly path: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** `sha256:…` of the file, proven again whenever it is read to its end; undefined: it was made a moment ago */
  readonly digest?: string;
  /** `sha256:…` of the uncompressed tar, as the image's configuration has it; another one is damage */
  readonly diffId?: string;
}

/** What a root file system is made of. */
export interface RootParts {
  /** A root disk that lies below all layers; undefined: nothing does */
  readonly base?: string;
  /** Lowest first */
  readonly layers: readonly LayerFile[];
}

export interface RootDiskOrder extends RootParts {
  /** To be made */
  readonly file: string;
  /** Of the file system, at most 16 bytes */
  readonly label: string;
  /** Nothing in it is newer: seconds since 1970; undefined: times stay as they are */
  readonly epoch?: number;
  /** Written so far, of how much in all */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface RootDisk {
  /** Of the file, hexadecimal */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Which init of its own it has; undefined: none that would boot it */
  readonly init: 'systemd' | 'openrc' | undefined;
  /** Inodes */
  readonly entryCount: number;
}

/**
 * Makes disks of layers: streams, merged and laid down in one pass as ext4. Never unpacks anything, needs no privileges,
 * and gives the same bytes for the same layers. Content that cannot be is refused with `image.bad_content`; nothing
 * but `file` is written, and not even that stays when it fails.
 */
export interface RootDisks {
  make(order: RootDiskOrder, signal: AbortSignal): Promise<RootDisk>;
  /**
   * Only what the layers change of the base, in overlayfs' own form (whiteouts are character devices 0:0), to be put
   * above the base's disk. For machines that run one step of a build.
   */
  makeDelta(order: RootDiskOrder & { readonly base: string }, signal: AbortSignal): Promise<void>;
  /** Everything as one uncompressed tar without whiteouts, in order of path */
  pack(parts: RootParts, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Which init of its own boots what is in an ext4 file, which may be anybody's */
  findInit(file: string, signal: AbortSignal): Promise<RootDisk['init']>;
  /** At most `maxBytes` of a file, links on the way followed inside of the root; undefined: there is no such file */
  readFile(
    parts: RootParts,
    file: { readonly path: ByteName; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<Buffer | undefined>;
}
