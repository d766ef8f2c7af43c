import { link, lstat, open, rm, writeFile } from 'node:fs/promises';
import { constants, type Stats } from 'node:fs';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { unlessMissing } from '../../../host/missing-files.ts';
import type { Processes } from '../../../host/processes.ts';
import { cellFiles } from '../cell.ts';
import type { JailFile } from './jail-host.ts';
import { bindMount, unmountBelow } from './jail-mounts.ts';

/** Whom files on the host belong to. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface JailRoot {
  readonly path: string;
  /** And gid */
  readonly uid: number;
  readonly owner: FileOwner;
  readonly processes: Processes;
}

const OWN = 0o600;
const SHARED_WITH_GROUP = 0o660;
const READABLE_BY_ALL = 0o644;
const READ_BY_OTHERS = 0o004;

/** A link changes a file's ctime, by which templates know that theirs are as they were: these are always mounted. */
const watched: readonly string[] = [cellFiles.memory, cellFiles.state];

/**
 * Puts a file in a jail by a hard link, or where that is not possible (another file system) by a bind mount. What the jail
 * writes is opened to its group for as long as it is there, and stays its owner's. What it reads may be in other jails,
 * too, so it is made readable by all: who comes near it is for the directories above to say, which are the owner's alone.
 */
export async function placeFile(
  root: JailRoot,
  { name, hostPath, access }: JailFile,
  signal: AbortSignal,
): Promise<void> {
  const target = join(root.path, name);
  await takeAway(root, name, signal);
  const found = await openToJail(root, { name, hostPath, access });
  const isLinked =
    !watched.includes(name) && (await link(hostPath, target).then(() => true, unlessImpossible));
  if (!isLinked) {
    await writeFile(target, '', { flag: 'wx', mode: OWN });
    await bindMount(
      root.processes,
      { from: hostPath, to: target, isReadOnly: access === 'read' },
      signal,
    );
  }
  const placed = await lstat(target);
  if (placed.ino === found.ino && placed.dev === found.dev) return;
  await takeAway(root, name, signal);
  throw unusable(hostPath, 'it was replaced while it was put in place');
}

/** What is placed under this name, if anything, is out of the jail again, and its owner's alone. */
export async function takeAway(root: JailRoot, name: string, signal: AbortSignal): Promise<void> {
  const target = join(root.path, name);
  const found = await lstat(target).catch(unlessMissing);
  if (found === undefined) return;
  if (found.isFile() && found.gid === root.uid && found.uid === root.owner.uid) {
    await using file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
    await file.chmod(OWN);
    await file.chown(root.owner.uid, root.owner.gid);
  }
  await unmountBelow(root.processes, target, signal);
  await rm(target, { recursive: true, force: true });
}

/** By its descriptor, so that nothing else can be put in its place meanwhile. */
async function openToJail(root: JailRoot, { hostPath, access }: JailFile): Promise<Stats> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(hostPath, flags).catch((cause: unknown) => {
    throw unusable(hostPath, 'it cannot be opened', cause);
  });
  const found = await file.stat();
  if (!found.isFile()) throw unusable(hostPath, 'it is no plain file');
  const isOwners = found.uid === root.owner.uid;
  if (access === 'write') {
    if (!isOwners) throw unusable(hostPath, `it belongs to uid ${String(found.uid)}`);
    await file.chown(root.owner.uid, root.uid);
    await file.chmod(SHARED_WITH_GROUP);
  } else if ((found.mode & READ_BY_OTHERS) === 0) {
    if (!isOwners) throw unusable(hostPath, 'only its owner may read it');
    await file.chmod(READABLE_BY_ALL);
  }
  return found;
}

/** Another file system, one without links, too many of them already */
function unlessImpossible(error: unknown): false {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (['EXDEV', 'EPERM', 'EMLINK'].includes(code)) return false;
  throw error;
}

function unusable(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError('host.jail_unusable', `Cannot put "${path}" in a jail: ${why}`, {
    cause,
    hint: 'banger doctor',
  });
}
