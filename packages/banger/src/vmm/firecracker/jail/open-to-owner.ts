import { chmod, chown, lchown, lstat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../../host/clock.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import type { Child, Command } from '../../../host/processes.ts';
import { cellFiles } from '../cell.ts';
import { unusableFile } from './jail-errors.ts';
import type { FileOwner } from './jail-files.ts';

export interface OpenedJail {
  readonly root: string;
  readonly uid: number;
  readonly owner: FileOwner;
  readonly child: Child;
  readonly clock: Clock;
}

const CHECK_MS = 2;
/** It takes some 60 ms on a quiet host. */
const SOCKET_MS = 20_000;
/** The owner's, and the jail's group's */
const BOTH = 0o770;

/** What the command makes may be used by whoever comes to it: the directory that it is in is closed to all but two. */
export function openly(command: Command): Command {
  return ['sh', '-c', 'umask 0 && exec "$@"', 'sh', ...command];
}

/**
 * Lets a daemon that is not root use what Firecracker makes in its jail. The jailer closes the root directory to all others
 * just before it becomes Firecracker, whose first work is its socket: so that is waited for. The socket itself is given
 * to the owner without following a link. The owner's group is no part of it: others may be in that. Resolves at once when the child is gone.
 */
export async function openToOwner(jail: OpenedJail, signal: AbortSignal): Promise<void> {
  const { root, uid, owner, child, clock } = jail;
  const socket = join(root, cellFiles.api);
  const late = AbortSignal.timeout(SOCKET_MS);
  const ended = AbortSignal.any([signal, child.gone, late]);
  while ((await lstat(socket).catch(unlessMissing)) === undefined) {
    if (child.gone.aborted) return;
    signal.throwIfAborted();
    if (late.aborted) throw unusableFile(socket, 'Firecracker does not make its socket');
    await clock.wait(CHECK_MS, ended).catch(() => undefined);
  }
  await lchown(socket, owner.uid, owner.gid); // Before the owner could put anything else there.
  await chmod(root, BOTH); // First of the two, so that the jail is never without.
  await chown(root, owner.uid, uid);
}
