import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path/posix';

import { joinNames, nameOfBytes, pathOf, showName, type ByteName } from '../tar/byte-name.ts';
import { explainFile, fileError, quoteName } from './file-errors.ts';

/** Where a copy is wanted, as cp(1) takes its last argument. */
export interface Wanted {
  /** A slash at its end says that it is a directory */
  readonly path: ByteName;
  /** What the copy is called in a directory that is there; undefined: it is that directory's contents */
  readonly name: ByteName | undefined;
}

export interface Target {
  readonly path: ByteName;
  /** A directory is there, into which a directory is merged */
  readonly merges: boolean;
  /** On the same file system */
  readonly stagingDir: ByteName;
}

/**
 * Into a directory that is there, over a file, or to a new name in a directory that is there. A directory never replaces
 * a file, nor a file a directory. The agent decides by the same rules (guest/internal/files/target.go).
 */
export function chooseTarget({ path, name }: Wanted, isDirectory: boolean): Target {
  const there = look(path, statSync);
  if (there?.isDirectory() === true) return into(trimSlashes(path), name, isDirectory);
  if (there !== undefined) {
    if (isDirectory) throw wrongKind('directory', path, 'it is a file');
    if (path.endsWith('/')) throw wrongKind('file', path, 'it is not a directory');
    return beside(nameOfBytes(realpathSync(pathOf(path), { encoding: 'buffer' })));
  }
  if (path.endsWith('/') && !isDirectory) throw missing(path, path);
  const at = trimSlashes(path);
  const parent = look(dirname(at), statSync);
  if (parent === undefined) throw missing(at, dirname(at));
  if (!parent.isDirectory()) {
    throw fileError(
      'files.wrong_kind',
      `Cannot write "${showName(at)}": "${showName(dirname(at))}" is not a directory`,
    );
  }
  return beside(at);
}

function into(dir: ByteName, name: ByteName | undefined, isDirectory: boolean): Target {
  if (name === undefined) {
    if (!isDirectory) throw wrongKind('file', dir, 'it is a directory');
    return { path: dir, merges: true, stagingDir: dir };
  }
  const path = joinNames(dir, name);
  const there = look(path, lstatSync);
  if (there === undefined) return beside(path);
  if (isDirectory && !there.isDirectory())
    throw wrongKind('directory', path, 'it is not a directory');
  if (!isDirectory && there.isDirectory()) throw wrongKind('file', path, 'it is a directory');
  return isDirectory ? { path, merges: true, stagingDir: path } : beside(path);
}

function beside(path: ByteName): Target {
  return { path, merges: false, stagingDir: dirname(path) };
}

function look(path: ByteName, stat: (path: Buffer) => Stats): Stats | undefined {
  try {
    return stat(pathOf(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw explainFile('write', path, error);
  }
}

/** "/" stays. */
function trimSlashes(path: ByteName): ByteName {
  return path.replace(/(?<=.)\/+$/, '');
}

function wrongKind(what: 'file' | 'directory', path: ByteName, fact: string): Error {
  return fileError(
    'files.wrong_kind',
    `Cannot copy a ${what} over "${showName(path)}": ${fact}`,
    `ls -la ${quoteName(dirname(path))}`,
  );
}

function missing(path: ByteName, dir: ByteName): Error {
  return fileError(
    'files.not_found',
    `Cannot write "${showName(path)}": there is no directory "${showName(dir)}"`,
    `mkdir -p ${quoteName(dir)}`,
  );
}
