/** The writable disks of VMs. */
export interface Disks {
  /** A sparse ext4 file of this size, whole or not there at all. An existing file is replaced. */
  make(
    file: string,
    options: { readonly mib: number; readonly label: string; readonly signal: AbortSignal },
  ): Promise<void>;
  /** Copies files, sparse ones sparsely and sharing blocks where the file system can: all of them, or none is there. */
  copy(files: readonly FileCopy[], signal: AbortSignal): Promise<void>;
  /** Another name for a file in the same directory, in place of whatever had it */
  move(file: FileCopy): Promise<void>;
  /** Makes the file larger; the guest grows the file system when it mounts it. `usage.invalid` when it is larger. */
  grow(file: string, mib: number): Promise<void>;
  /** undefined when there is no such file */
  usage(file: string): Promise<DiskUsage | undefined>;
  remove(file: string): Promise<void>;
}

export interface FileCopy {
  readonly from: string;
  /** Replaced if it is there */
  readonly to: string;
}

export interface DiskUsage {
  readonly apparentBytes: number;
  readonly allocatedBytes: number;
}
