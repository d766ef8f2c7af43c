/**
 * Files at paths that somebody else may change at any moment: who is asked to do something as root with a path opens it
 * by this, and works with what was opened. Each directory on the way is opened in the one before, and no link is followed.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { unusableFile } from './jail-errors.ts';

/** A directory below which everything has to belong to one user, itself included. */
export interface OwnedTree {
  /** Without a symbolic link in it */
  readonly dir: string;
  readonly uid: number;
}

export interface FileToHold {
  readonly path: string;
  /** Of open(2), to which O_NOFOLLOW and O_NONBLOCK are added */
  readonly flags: number;
  /** Where the file has to be; undefined: anywhere, and anybody's */
  readonly tree: OwnedTree | undefined;
}

/** A plain file, and the directory that it was in, while they are held. */
export interface HeldFile extends AsyncDisposable {
  readonly file: FileHandle;
  /** Its name in the directory that was opened, for link(2): what is there by then has to be compared */
  readonly place: string;
  /** The very file, for other processes of this user */
  readonly itself: string;
}

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

/** Rejects with `host.jail_unusable` for what is no plain file, has a link in its path, or is not where it has to be. */
export async function holdFile({ path, flags, tree }: FileToHold): Promise<HeldFile> {
  await using cleanup = new AsyncDisposableStack();
  const parts = partsOf(path);
  const name = parts.at(-1);
  const isStraight = path.startsWith('/') && !parts.some((part) => SIDEWAYS.includes(part));
  if (name === undefined || !isStraight) throw unusableFile(path, 'it is no straight path');
  const top = tree === undefined ? undefined : partsOf(tree.dir);
  if (top !== undefined && !isBelow(parts, top))
    throw unusableFile(path, `it is not in "${tree?.dir ?? ''}"`);
  try {
    const dir = cleanup.use(await openDirs(parts.slice(0, -1), { path, tree, top }));
    const file = cleanup.use(await open(inside(dir, name), flags | O_NOFOLLOW | O_NONBLOCK));
    const found = await file.stat();
    if (!found.isFile()) throw unusableFile(path, 'it is no plain file');
    if (tree !== undefined && found.uid !== tree.uid) throw notTheirs(path, found.uid);
    const owned = cleanup.move(); // The caller owns both from here on.
    return {
      file,
      place: inside(dir, name),
      itself: `/proc/${String(process.pid)}/fd/${String(file.fd)}`,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    if (cause instanceof Error && 'errno' in cause)
      throw unusableFile(path, 'it cannot be opened', cause);
    throw cause;
  }
}

const SIDEWAYS = ['', '.', '..'];

interface Way {
  readonly path: string;
  readonly tree: OwnedTree | undefined;
  readonly top: readonly string[] | undefined;
}

async function openDirs(parts: readonly string[], { path, tree, top }: Way): Promise<FileHandle> {
  let dir = await open('/', DIRECTORY);
  for (const [index, part] of parts.entries()) {
    dir = await enter(dir, part);
    if (tree === undefined || top === undefined || index + 1 < top.length) continue;
    const { uid } = await dir.stat();
    if (uid === tree.uid) continue;
    await dir.close();
    throw notTheirs(path, uid);
  }
  return dir;
}

/** Closes the one that it leaves. */
async function enter(dir: FileHandle, part: string): Promise<FileHandle> {
  await using left = dir;
  return await open(inside(left, part), DIRECTORY);
}

/** As openat(2), which Node does not have (proc(5), /proc/pid/fd). */
function inside(dir: FileHandle, name: string): string {
  return `/proc/self/fd/${String(dir.fd)}/${name}`;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').slice(1);
}

function isBelow(parts: readonly string[], top: readonly string[]): boolean {
  return parts.length > top.length && top.every((part, index) => parts[index] === part);
}

function notTheirs(path: string, uid: number): Error {
  return unusableFile(path, `it, or a directory on the way, belongs to uid ${String(uid)}`);
}
