import { constants } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { FileOwner } from './jail-files.ts';
import { unusable } from './jail-errors.ts';

export interface MovedFile {
  readonly from: string;
  readonly to: string;
  /** Of the jail */
  readonly uid: number | undefined;
  readonly owner: FileOwner;
}

const OWN = 0o600;

/**
 * Moves what a jailed process made, which may put anything in its place at any moment: it is opened without following a
 * link, must be a plain file of the jail's user, and what arrived must be what was opened.
 */
export async function moveOut({ from, to, uid, owner }: MovedFile): Promise<void> {
  await using file = await give({ from, uid, owner });
  const made = await file.stat();
  const isMoved = await rename(from, to).then(() => true, unlessElsewhere);
  if (!isMoved) {
    await copyOut(file, { to, owner });
    await rm(from, { force: true });
    return;
  }
  const arrived = await lstat(to);
  if (arrived.ino === made.ino && arrived.dev === made.dev) return;
  await rm(to, { recursive: true, force: true });
  throw refused(from, 'it was replaced while it was moved');
}

/** Makes such a file its owner's where it is, and moves nothing: whoever owns it does that with their own rights. */
export async function giveOut(made: Omit<MovedFile, 'to'>): Promise<void> {
  await using _ = await give(made);
}

async function give({ from, uid, owner }: Omit<MovedFile, 'to'>): Promise<FileHandle> {
  await using cleanup = new AsyncDisposableStack();
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(from, flags).catch((cause: unknown) => {
    throw refused(from, 'it cannot be opened', cause);
  });
  cleanup.use(file);
  const made = await file.stat();
  if (!made.isFile() || made.nlink !== 1 || made.uid !== uid)
    throw refused(from, 'it is no plain file that was made there');
  await file.chown(owner.uid, owner.gid);
  await file.chmod(OWN);
  cleanup.move(); // The caller closes it.
  return file;
}

/** To another file system. */
async function copyOut(
  file: FileHandle,
  { to, owner }: Pick<MovedFile, 'to' | 'owner'>,
): Promise<void> {
  const unfinished = `${to}.new`;
  await rm(unfinished, { force: true });
  await using copy = await open(unfinished, 'wx', OWN);
  await copy.chown(owner.uid, owner.gid);
  await pipeline(
    file.createReadStream({ autoClose: false, start: 0 }),
    copy.createWriteStream({ autoClose: false }),
  );
  await rename(unfinished, to);
}

function unlessElsewhere(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'EXDEV') return false;
  throw error;
}

function refused(path: string, why: string, cause?: unknown): Error {
  return unusable(basename(path), why, cause);
}
