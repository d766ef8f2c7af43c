import { existsSync } from 'node:fs';

import { toBangerError } from '@banger/protocol/errors';
import { localSource } from '@banger/sdk/files/local-source';
import { packTree } from '@banger/sdk/files/pack-tree';

import type { GuestFiles } from '../guest/guest-files.ts';
import type { FileSyncEntry } from './file-sync-config.ts';

/** The user's own files that every VM of theirs has. */
export interface FileSync {
  /** Nothing is to be done */
  readonly isEmpty: boolean;
  /**
   * Puts them into a guest, over what is there. Resolves with what could not be put, and why, for people: a VM is of use
   * without. Rejects when the guest is lost or `signal` aborts.
   */
  into(files: GuestFiles, signal: AbortSignal): Promise<readonly string[]>;
}

const losses: ReadonlySet<string> = new Set(['guest.unreachable', 'guest.protocol', 'vm.ended']);

export function createFileSync(entries: readonly FileSyncEntry[]): FileSync {
  return {
    isEmpty: entries.length === 0,
    async into(files, signal) {
      const problems: string[] = [];
      for (const [index, entry] of entries.entries()) {
        const why = await put(entry, files, signal);
        if (why !== undefined) problems.push(`file_sync entry ${String(index)}: ${why}`);
      }
      return problems;
    },
  };
}

/** Why not; undefined when it is there. */
async function put(
  { host, guest, mode }: FileSyncEntry,
  files: GuestFiles,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!existsSync(host)) return `there is no "${host}" on this machine`;
  try {
    const { path } = localSource(host, true);
    const archive = packTree(path, { fileMode: mode, signal });
    await files.put({ path: guest, makeParents: true }, archive, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const known = toBangerError(error);
    if (losses.has(known.code)) throw error;
    return known.message;
  }
}
