/** Directories that belong to one VM. */
export interface Directories {
  /** 0700, with its parents; an existing one is kept as it is */
  make(path: string): Promise<void>;
  /** With everything in it; nothing happens when it is gone */
  remove(path: string): Promise<void>;
}
