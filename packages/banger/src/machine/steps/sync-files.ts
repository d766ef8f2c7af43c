import assert from 'node:assert/strict';

import type { FileSync } from '../../host/file-sync.ts';
import type { Progress } from '../../host/work.ts';
import type { VmRecords } from '../record.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

export interface SyncFilesDeps {
  readonly running: RunningVms;
  readonly records: VmRecords;
  readonly fileSync: FileSync;
}

/** Puts the user's files (`[[file_sync]]`) into a user's guest; templates and standbys are nobody's yet. */
export function syncFiles({ running, records, fileSync }: SyncFilesDeps, progress: Progress): Step {
  return {
    name: 'sync-files',
    text: 'Putting your files into it',
    async run({ id }, signal) {
      if (fileSync.isEmpty || records.get(id)?.purpose !== 'user') return;
      const guest = running.get(id)?.guest;
      assert(guest, 'greet-guest comes before sync-files');
      for (const problem of await fileSync.into(guest.files, signal)) progress.warn(problem);
    },
    undo: () => Promise.resolve(), // What is in the guest goes, or stays, with its disks.
  };
}
