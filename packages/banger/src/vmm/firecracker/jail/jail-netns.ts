import { stat, statfs } from 'node:fs/promises';

import { unlessMissing } from '../../../host/missing-files.ts';
import type { Child } from '../../../host/processes.ts';
import { unusable } from './jail-errors.ts';
import type { FileOwner } from './jail-files.ts';

/** Of namespaces (linux/magic.h, NSFS_MAGIC); the jailer's setns(2) refuses those of another kind. */
const NSFS = 0x6e73_6673;
const OF_A_PROCESS = /^(\/proc\/\d+)\/ns\/net$/;

export interface JailNetns {
  readonly id: string;
  /** Of the namespace */
  readonly path: string;
  readonly owner: FileOwner;
}

/**
 * Rejects unless there is a namespace at the path; and for a daemon that is not root's, unless a process of its own user is
 * in it: a jail is no way into other people's networks. Resolves with a check that it is the one which Firecracker came to.
 */
export async function requireNetns({
  id,
  path,
  owner,
}: JailNetns): Promise<(child: Child) => Promise<void>> {
  const type = await statfs(path).then(
    (found) => found.type,
    () => undefined,
  );
  if (type !== NSFS) throw unusable(id, `"${path}" is no network namespace`);
  const { ino } = await stat(path);
  if (owner.uid !== 0) await requireOwn({ id, path, owner });
  return async ({ identity }) => {
    const joined = await stat(`/proc/${String(identity.pid)}/ns/net`).catch(unlessMissing);
    if (joined !== undefined && joined.ino !== ino)
      throw unusable(id, `"${path}" became another network namespace`);
  };
}

async function requireOwn({ id, path, owner }: JailNetns): Promise<void> {
  const process = OF_A_PROCESS.exec(path)?.[1];
  const found = process === undefined ? undefined : await stat(process).catch(() => undefined);
  if (found?.uid === owner.uid) return;
  throw unusable(id, `"${path}" is not that of a process of uid ${String(owner.uid)}`);
}
