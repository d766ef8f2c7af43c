/** Files into and out of a guest, as tar streams. */
export interface GuestFiles {
  /**
   * Unpacks an archive; resolves when all of it is in place. Reads the archive until its end, or until it is refused,
   * and closes it. Rejects with `files.not_found`, `files.wrong_kind`, `files.bad_archive`, `guest.disk_full`, and with
   * what the archive rejects with; then no part of a file is left under its final name.
   */
  put(
    request: GuestPut,
    archive: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<GuestPlaced>;
  /**
   * Packs a file, a link or a directory. Resolves when it is found; its archive must be read or closed, and rejects with
   * `files.changed` when something changed meanwhile. `signal` counts until the archive's end.
   */
  get(request: GuestGet, signal: AbortSignal): Promise<GuestPacked>;
}

export interface GuestPut {
  /** Absolute; a slash at its end says that it is a directory */
  readonly path: string;
  /** What the archive's one thing, its first entry ".", is called in a directory at `path`; undefined: that directory's contents */
  readonly name?: string | undefined;
  /** Any archive, into the directory at `path`, with its owners */
  readonly isArchive?: boolean | undefined;
  /** Missing directories before `path` are made */
  readonly makeParents?: boolean | undefined;
}

export interface GuestPlaced {
  readonly path: string;
  readonly entries: number;
}

export interface GuestGet {
  /** Absolute */
  readonly path: string;
  /** A link at `path` itself is followed */
  readonly follow: boolean;
  /** Entries begin with the name of what is packed, else with "." */
  readonly isNamed: boolean;
}

export interface GuestPacked {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Of a file */
  readonly sizeBytes: number;
  /** In pieces; returns what was left out */
  readonly archive: AsyncGenerator<Uint8Array, GuestSkipped>;
}

export interface GuestSkipped {
  /** Sockets, at most 20 of them */
  readonly names: readonly string[];
  readonly count: number;
}
