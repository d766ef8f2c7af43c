import {
  chmodSync,
  closeSync,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  write as writeLater,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

import { joinNames, pathOf, showName, type ByteName } from '../tar/byte-name.ts';
import { badArchive } from './bad-archive.ts';
import { explainFile, fileError } from './file-errors.ts';
import { safeName } from './safe-name.ts';
import type { Piece, TarEntry, TarHeader } from '../tar/tar-entry.ts';

const write = promisify(writeLater);

/** Of one archive. */
export interface TreeLimits {
  readonly entries: number;
  /** Of all files together, their holes not counted */
  readonly bytes: number;
}

/** A directory whose permissions would be in the way of moving it. */
export interface LockedDirectory {
  /** Below the tree; "." is the tree */
  readonly name: ByteName;
  readonly mode: number;
}

export interface BuilderOptions {
  readonly limits: TreeLimits;
  /** What the tree will be called, for messages */
  readonly shown: ByteName;
}

/** Until it is whole, a directory can be written by this user, whatever the archive says. */
const BUILDING_MODE = 0o700;
/** A piece below this is written at once: waiting for it would take longer. */
const SMALL_BYTES = 64 * 1024;

/** Makes a tree of an archive's entries, which may be hostile, where there was nothing and nobody else writes. */
export class TreeBuilder {
  readonly #root: ByteName;
  readonly #limits: TreeLimits;
  readonly #shown: ByteName;
  readonly #locked: LockedDirectory[] = [];
  /** Directories that entries still come into, outermost first: they get their times afterwards */
  readonly #open: TarHeader[] = [];
  #entries = 0;
  #bytes = 0;
  /** Known to be a directory */
  #parent: ByteName | undefined;

  constructor(root: ByteName, { limits, shown }: BuilderOptions) {
    this.#root = root;
    this.#limits = limits;
    this.#shown = shown;
  }

  async add(entry: TarEntry): Promise<void> {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries)
      throw tooMuch(`${String(this.#limits.entries)} entries`);
    const name = safeName(entry.name);
    if (this.#entries > 1 && name === '.') throw badArchive('it has two beginnings');
    this.#leave(name);
    const path = name === '.' ? this.#root : joinNames(this.#root, name);
    try {
      if (name !== '.') this.#enter(name);
      await this.#make({ ...entry, name }, path);
    } catch (error) {
      throw explainFile('write', joinNames(this.#shown, name), error);
    }
  }

  /** Ends with the directories that are still to get their permissions, once they are in place. */
  finish(): readonly LockedDirectory[] {
    this.#leave('');
    return this.#locked;
  }

  async #make(entry: TarEntry, path: ByteName): Promise<void> {
    switch (entry.kind) {
      case 'directory':
        this.#makeDirectory(entry, path);
        return;
      case 'file':
        return this.#writeFile(entry, path);
      case 'link':
        unlinkIfThere(path);
        symlinkSync(pathOf(entry.linkName), pathOf(path));
        lutimesSync(pathOf(path), ...timesOf(entry));
        return;
      case 'hard link':
        this.#linkFile(entry, path);
        return;
      case 'character device':
      case 'block device':
      case 'FIFO':
        throw fileError(
          'files.wrong_kind',
          `Cannot copy "${showName(entry.name)}" out of the guest: it is a ${entry.kind}`,
          'banger vm cp VM:PATH - | tar --extract',
        );
    }
  }

  #makeDirectory(entry: TarEntry, path: ByteName): void {
    if (entry.name !== '.' && isDirectory(path)) return;
    mkdirSync(pathOf(path), BUILDING_MODE);
    this.#open.push(entry);
  }

  async #writeFile(entry: TarEntry, path: ByteName): Promise<void> {
    unlinkIfThere(path);
    const fd = openSync(pathOf(path), 'wx', 0o600);
    try {
      for await (const piece of entry.pieces) {
        this.#bytes += piece.bytes.length;
        if (this.#bytes > this.#limits.bytes) throw tooMuch(`${String(this.#limits.bytes)} bytes`);
        await writePiece(fd, piece);
      }
      ftruncateSync(fd, entry.size);
      fchmodSync(fd, safeMode(entry));
      futimesSync(fd, ...timesOf(entry));
    } finally {
      closeSync(fd);
    }
  }

  /** To a file of the same archive alone: there is nothing else below the root. */
  #linkFile({ name, linkName }: TarEntry, path: ByteName): void {
    const to = safeName(linkName);
    this.#enter(to);
    const target = joinNames(this.#root, to);
    if (!lstatSync(pathOf(target), { throwIfNoEntry: false })?.isFile()) {
      throw badArchive(`it links "${showName(name)}" to "${showName(to)}", which is no file in it`);
    }
    if (target === path) return;
    unlinkIfThere(path);
    linkSync(pathOf(target), pathOf(path));
  }

  /** Looks at every directory on the way: a link, which an earlier entry may have made, is never followed. */
  #enter(name: ByteName): void {
    const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    if (parent === this.#parent) return;
    let at = this.#root;
    for (const part of parent === '' ? [] : parent.split('/')) {
      at = joinNames(at, part);
      const there = lstatSync(pathOf(at), { throwIfNoEntry: false });
      if (there === undefined) mkdirSync(pathOf(at), BUILDING_MODE);
      else if (!there.isDirectory()) {
        throw badArchive(`it has "${showName(name)}" below what is not a directory`);
      }
    }
    this.#parent = parent;
  }

  #leave(next: ByteName): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (next !== '' && (last.name === '.' || next.startsWith(`${last.name}/`))) return;
      this.#open.pop();
      const path = last.name === '.' ? this.#root : joinNames(this.#root, last.name);
      const mode = safeMode(last);
      chmodSync(pathOf(path), mode | BUILDING_MODE);
      utimesSync(pathOf(path), ...timesOf(last));
      if ((mode & BUILDING_MODE) !== BUILDING_MODE) this.#locked.push({ name: last.name, mode });
    }
  }
}

async function writePiece(fd: number, { at, bytes }: Piece): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.length - done;
    if (rest < SMALL_BYTES) done += writeSync(fd, bytes, done, rest, at + done);
    else done += (await write(fd, bytes, done, rest, at + done)).bytesWritten;
  }
}

/** A file of a guest's making never acts with the rights of this user. */
function safeMode({ mode }: TarHeader): number {
  return mode & 0o1777;
}

/** Access and modification, in seconds; Node takes them as doubles, which is exact to a quarter of a microsecond. */
function timesOf({ mtimeNs }: TarHeader): [number, number] {
  const seconds = Number(mtimeNs) / 1e9;
  return [seconds, seconds];
}

function isDirectory(path: ByteName): boolean {
  return lstatSync(pathOf(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** An archive may have a name twice: the last one counts. */
function unlinkIfThere(path: ByteName): void {
  if (lstatSync(pathOf(path), { throwIfNoEntry: false }) !== undefined) unlinkSync(pathOf(path));
}

function tooMuch(limit: string): Error {
  return fileError(
    'files.too_much',
    `Cannot copy out of the guest: there is more than ${limit}`,
    'banger vm cp --max-entries N --max-size SIZE VM:PATH PATH',
  );
}
