/**
 * A root file system before it is one: every inode with what is known of it, and where its content is. Layers are merged
 * into such a tree, the ext4 writer lays one down, and the ext4 reader finds one in a file. Nodes never change once they
 * are in a tree, so two trees that share a node share what is below it, and "the same object" means "untouched".
 */
export type FileNode = Directory | RegularFile | SymbolicLink | Device | Fifo;

/** Names, paths and link targets are bytes, one character each (latin1): Linux has names that are no text. */
export type ByteName = string;

interface Inode {
  /** Permissions with setuid, setgid and sticky: 12 bits */
  readonly mode: number;
  /** 32 bits each */
  readonly uid: number;
  readonly gid: number;
  /** Since 1970; negative before */
  readonly mtimeNs: bigint;
  /** By full name (`security.capability`), values as listxattr(2) and getxattr(2) show them; undefined: none */
  readonly xattrs: ReadonlyMap<ByteName, Buffer> | undefined;
}

export interface Directory extends Inode {
  readonly kind: 'directory';
  /** A hard link is the same node under two names; directories have one */
  readonly children: ReadonlyMap<ByteName, FileNode>;
}

export interface RegularFile extends Inode {
  readonly kind: 'file';
  /** Holes counted */
  readonly sizeBytes: number;
  readonly content: Content;
}

export interface SymbolicLink extends Inode {
  readonly kind: 'symlink';
  readonly target: ByteName;
}

export interface Device extends Inode {
  readonly kind: 'char' | 'block';
  readonly major: number;
  readonly minor: number;
}

/** A socket in an archive has no meaning; there is none here. */
export interface Fifo extends Inode {
  readonly kind: 'fifo';
}

/** Where the bytes of a file are; a file without bytes has no segments. */
export interface Content {
  readonly source: ContentSource;
  /** In order of `at`; between them are holes */
  readonly segments: readonly Segment[];
}

export interface Segment {
  /** In the file */
  readonly at: number;
  /** In what the source reads */
  readonly from: number;
  readonly sizeBytes: number;
}

/**
 * Something with the bytes of many files: the uncompressed tar of one layer, or an ext4 file. `read` may cost as much as
 * reading all before `from`, so whoever wants many files reads once, in the order of their places.
 */
export interface ContentSource {
  /** For messages: `layer sha256:1234…` */
  readonly name: string;
  /** `read` costs nothing for what lies before its place. Default false */
  readonly isSeekable?: boolean;
  /** From this byte on, in chunks of any size, until the reader stops. Rejects when the source is not what it was. */
  read(from: number, signal: AbortSignal): AsyncIterable<Buffer>;
}
