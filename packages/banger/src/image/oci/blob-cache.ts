/** A blob on disk: a layer, an image's configuration, a manifest (OCI image-spec, descriptor.md). */
export interface Blob {
  /** `sha256:` and 64 hex digits */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Read-only, and never changed */
  readonly path: string;
}

export interface WantedBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  /**
   * The blob's bytes from this one on. The source itself goes on after a failure in the middle; called again, from 0,
   * when what an earlier attempt had kept turned out to be something else.
   */
  readonly read: (from: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** How many of `sizeBytes` are there */
  readonly onProgress?: (doneBytes: number) => void;
}

/**
 * Blobs by their digest, below the cache directory: whatever is in it can be thrown away and is only asked for again. A
 * blob appears by a rename when all of it was proven, so what is there is whole. What was read of one that was not
 * finished stays, and the next attempt goes on from there, after another daemon's death as well.
 */
export interface BlobCache {
  find(digest: string): Promise<Blob | undefined>;
  /**
   * Concurrent calls for one digest are one transfer, from the source of the first. Rejects with `image.bad_content` on
   * another size or digest, and with `host.disk_full`; then nothing stays of it.
   */
  fetch(wanted: WantedBlob, signal: AbortSignal): Promise<Blob>;
  /** Keeps bytes whose digest is not known before they end */
  add(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Blob>;
  /** Until it is disposed, pruning leaves these alone, there or not */
  hold(digests: readonly string[]): Disposable;
  /** Reads these again and removes those that are not what they were; resolves with how many that were. */
  weed(digests: readonly string[], signal: AbortSignal): Promise<number>;
  /** Removes what nobody holds; with `dryRun` only says what that would be */
  prune(options: {
    readonly dryRun: boolean;
  }): Promise<{ readonly count: number; readonly bytes: number }>;
  /** At daemon start: removes what an interrupted `add` left */
  sweep(signal: AbortSignal): Promise<void>;
}
