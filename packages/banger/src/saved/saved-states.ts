import { z } from 'zod';

import type { MachineFiles } from '../host/machine-files.ts';

/** What was saved, and what it can be loaded with. */
export const SavedManifest = z.object({
  createdAt: z.string(),
  /** Digest of the monitor's fingerprint (`VmmDriver.fingerprint`) */
  fingerprint: z.string(),
  /** For people: "QEMU 7.2.22" */
  vmmVersion: z.string(),
  /** For people: the host's, where the guest saw it. Earlier ones do not say. */
  processor: z.string().nullish(),
  memoryMib: z.int(),
});
export type SavedManifest = z.infer<typeof SavedManifest>;

/**
 * Saved states of VMs: memory, devices and, of snapshots, disks. They are a user's data: a directory appears by one
 * rename, when all of it is on the storage.
 */
export interface SavedStates {
  pathsIn(dir: string): MachineFiles;
  /** An empty private directory to become `dir`; what an earlier attempt left is removed */
  begin(dir: string): Promise<MachineFiles>;
  /** Syncs everything and puts it in place of `dir`; the draft is gone. Resolves with what it takes on the host, bytes. */
  commit(draft: MachineFiles, dir: string, manifest: SavedManifest): Promise<number>;
  /** Another name for the memory and the devices of a saved state, which are never written again */
  link(fromDir: string, draft: MachineFiles): Promise<void>;
  /** undefined when there is none; rejects with `vm.state_unusable` when a file is missing or not of its size */
  read(dir: string): Promise<SavedManifest | undefined>;
  /** Out of reach at once, then gone; a VM that maps its memory runs on. Also of a draft. Repeatable. */
  remove(dir: string): Promise<void>;
  /** Removes everything in `parent`, drafts too, but the saved states of these names. Repeatable. */
  keepOnly(parent: string, names: readonly string[]): Promise<void>;
}
