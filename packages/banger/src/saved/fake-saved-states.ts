import { basename, dirname } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { machineFilesIn } from '../host/machine-files.ts';
import type { SavedManifest, SavedStates } from './saved-states.ts';

export interface FakeSavedStates extends SavedStates {
  /** By directory, drafts too */
  readonly dirs: Map<string, SavedManifest | undefined>;
  /** Directories whose files are not what they were */
  readonly damaged: Set<string>;
}

/** What happens to the files in directories, which other fakes have. */
export interface FakeFiles {
  moveAll(fromDir: string, toDir: string): void;
  linkAll(fromDir: string, toDir: string): void;
  removeAll(dir: string): void;
}

/** Saved states that are only remembered. */
export function createFakeSavedStates(files: FakeFiles): FakeSavedStates {
  const dirs = new Map<string, SavedManifest | undefined>();
  const damaged = new Set<string>();
  return {
    dirs,
    damaged,
    pathsIn: machineFilesIn,
    async begin(dir) {
      await Promise.resolve();
      dirs.set(`${dir}.new`, undefined);
      return machineFilesIn(`${dir}.new`);
    },
    async commit(draft, dir, manifest) {
      await Promise.resolve();
      dirs.delete(draft.dir);
      dirs.set(dir, manifest);
      files.removeAll(dir);
      files.moveAll(draft.dir, dir);
      return 1024;
    },
    async link(fromDir, draft) {
      await Promise.resolve();
      files.linkAll(fromDir, draft.dir);
    },
    async read(dir) {
      await Promise.resolve();
      if (damaged.has(dir))
        throw new BangerError('vm.state_unusable', `"${dir}/memory" is missing`);
      return dirs.get(dir);
    },
    async remove(dir) {
      await Promise.resolve();
      for (const each of [dir, `${dir}.new`]) {
        dirs.delete(each);
        files.removeAll(each);
      }
    },
    async keepOnly(parent, names) {
      await Promise.resolve();
      for (const dir of [...dirs.keys()]) {
        if (dirname(dir) !== parent || names.includes(basename(dir))) continue;
        dirs.delete(dir);
        files.removeAll(dir);
      }
    },
  };
}
