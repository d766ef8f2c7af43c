import { chmod, chown, link, lstat, open, unlink, writeFile } from 'node:fs/promises';
import { constants, type Stats } from 'node:fs';
import { join } from 'node:path';

import { unlessMissing } from '../../../host/missing-files.ts';
import type { Processes } from '../../../host/processes.ts';
import { cellFiles } from '../cell.ts';
import { holdFile, type HeldFile, type OwnedTree } from './held-file.ts';
import { unusableFile } from './jail-errors.ts';
import type { JailFile } from './jail-host.ts';
import { bindMount, unmountBelow } from './jail-mounts.ts';
import { removeTree } from './remove-tree.ts';

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
  /** Where files of the host have to be; undefined: the caller may name any */
  readonly tree: OwnedTree | undefined;
  readonly processes: Processes;
}

const CLOSED = 0o700;
const OWN = 0o600;
const SHARED_WITH_GROUP = 0o660;
const READABLE_BY_ALL = 0o644;
const READ_BY_OTHERS = 0o004;

/** A link changes a file's ctime, by which templates know that theirs are as they were: these are always mounted. */
const watched: readonly string[] = [cellFiles.memory, cellFiles.state];

/**
 * From here on nobody but the jail's user makes or removes a name in it, and nothing runs as that: whatever an owner may have
 * put there while it was open stays as it is until it is looked at.
 */
export async function closeRoot({ path, uid }: JailRoot): Promise<void> {
  await chown(path, uid, uid);
  await chmod(path, CLOSED);
}

/**
 * Puts a file in a closed jail by a hard link, or where that is not possible (another file system) by a bind mount. What the
 * jail writes is opened to its group for as long as it is there, and stays its owner's. What it reads may be in other jails,
 * too, so it is made readable by all: who comes near it is for the directories above to say, which are the owner's alone.
 */
export async function placeFile(
  root: JailRoot,
  { name, hostPath, access }: JailFile,
  signal: AbortSignal,
): Promise<void> {
  const target = join(root.path, name);
  await takeAway(root, name, signal);
  await using held = await holdFile({
    path: hostPath,
    flags: constants.O_RDONLY,
    tree: root.tree,
  });
  const found = await openToJail(root, held, { hostPath, access });
  const isLinked =
    !watched.includes(name) && (await link(held.place, target).then(() => true, unlessImpossible));
  if (!isLinked) {
    await writeFile(target, '', { flag: 'wx', mode: OWN });
    const mount = { from: held.itself, to: target, isReadOnly: access === 'read' };
    await bindMount(root.processes, mount, signal);
  }
  const placed = await lstat(target);
  if (placed.ino === found.ino && placed.dev === found.dev) return;
  await takeAway(root, name, signal);
  throw unusableFile(hostPath, 'it was replaced while it was put in place');
}

/** What is under this name in a closed jail is out of it again, and its owner's alone where it was placed. */
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
  if (found.isDirectory()) await removeTree(root.processes, target, signal);
  else await unlink(target);
}

/** By its descriptor, so that nothing else can be put in its place meanwhile. */
async function openToJail(
  root: JailRoot,
  { file }: HeldFile,
  { hostPath, access }: Pick<JailFile, 'hostPath' | 'access'>,
): Promise<Stats> {
  const found = await file.stat();
  const isOwners = found.uid === root.owner.uid;
  if (access === 'write') {
    if (!isOwners) throw unusableFile(hostPath, `it belongs to uid ${String(found.uid)}`);
    await file.chown(root.owner.uid, root.uid);
    await file.chmod(SHARED_WITH_GROUP);
  } else if ((found.mode & READ_BY_OTHERS) === 0) {
    if (!isOwners) throw unusableFile(hostPath, 'only its owner may read it');
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
