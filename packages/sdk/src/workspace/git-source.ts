import type { Head, HostRepository } from './host-repository.ts';
import type { WorkspaceMode } from './target.ts';
import type { IndexEntry } from './tracked-files.ts';
import type { WorkDirectory } from './work-directory.ts';

/** What git of a guest is made from: of a checkout, or of a submodule within. */
export interface GitSource {
  readonly repository: HostRepository;
  readonly mode: WorkspaceMode;
  /** HEAD in the guest */
  readonly head: Head;
  /** The index that belongs to the files, where it is not the checkout's */
  readonly indexFile: string | undefined;
  readonly index: readonly IndexEntry[];
  /** For what is made on the way */
  readonly workDirectory: () => Promise<Pick<WorkDirectory, 'path'>>;
}
