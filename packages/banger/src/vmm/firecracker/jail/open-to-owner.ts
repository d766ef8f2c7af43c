import { chmod, chown, lchown, lstat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../../host/clock.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import type { Child } from '../../../host/processes.ts';
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
/** Whoever has the directory's group may enter, and what is made in it from now on is of that group. */
const SET_GROUP_ID = 0o2770;

/**
 * Lets a daemon that is not root use what Firecracker makes in its jail. The jailer closes the root directory to all others
 * just before it becomes Firecracker, whose first work is its socket: so that is waited for. The socket itself is given
 * to the owner without following a link. Resolves at once when the child is gone.
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
  await chown(root, uid, owner.gid);
  await chmod(root, SET_GROUP_ID);
}
