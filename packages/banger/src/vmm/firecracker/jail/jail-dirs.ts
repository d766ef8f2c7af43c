import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { unlessMissing } from '../../../host/missing-files.ts';
import { takeAway, type JailRoot } from './jail-files.ts';
import { JailFile, type Jail } from './jail-host.ts';
import { unusable } from './jail-errors.ts';
import { FIRST_JAIL_UID, LAST_JAIL_UID } from './jail-user.ts';

const PASSED_THROUGH = 0o711;
const OTHERS_WRITE = 0o022;

/** Makes a directory that anybody may pass through, or checks that nobody but root can change the one which is there. */
export async function ensureRootsOwn(path: string): Promise<void> {
  const isNew = (await mkdir(path, { recursive: true })) !== undefined;
  if (isNew) await chmod(path, PASSED_THROUGH);
  const found = await lstat(path);
  if (found.isDirectory() && found.uid === 0 && (found.mode & OTHERS_WRITE) === 0) return;
  throw new BangerError(
    'host.path_unusable',
    `Cannot use directory "${path}": it is not root's alone`,
    { hint: `sudo rm -r ${path}` },
  );
}

/** Makes a jail's own directory, and writes down who is jailed there: its group is the jail's, and only root changes it. */
export async function recordUser(dir: string, uid: number): Promise<void> {
  await ensureRootsOwn(dir);
  await chown(dir, 0, uid);
}

/** Who is jailed there; undefined when there is no such directory, or nobody was written down. */
export async function uidOf(dir: string): Promise<number | undefined> {
  const found = await lstat(dir).catch(unlessMissing);
  if (found?.isDirectory() !== true || found.uid !== 0) return undefined;
  return found.gid >= FIRST_JAIL_UID && found.gid <= LAST_JAIL_UID ? found.gid : undefined;
}

/** Rejects when another jail below `jails` is this user's: each could read and end the other. */
export async function refuseSharedUser(jails: string, { id, uid }: Jail): Promise<void> {
  for (const other of (await readdir(jails).catch(unlessMissing)) ?? []) {
    if (other === id || (await uidOf(join(jails, other))) !== uid) continue;
    throw unusable(id, `uid ${String(uid)} is that of jail "${other}"`);
  }
}

/** What an earlier Firecracker and its jailer left; what was placed since stays. The jailer makes no device twice. */
export async function clearRoot(root: JailRoot, signal: AbortSignal): Promise<void> {
  const placed: readonly string[] = JailFile.shape.name.options;
  for (const name of await readdir(root.path)) {
    if (placed.includes(name)) continue;
    await takeAway(root, name, signal);
  }
}

export async function takeAllAway(root: JailRoot, signal: AbortSignal): Promise<void> {
  for (const name of JailFile.shape.name.options) await takeAway(root, name, signal);
}
