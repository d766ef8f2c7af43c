import { lstatSync, realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { nameOfText, pathOf, type ByteName } from '../tar/byte-name.ts';
import { explainFile } from './file-errors.ts';

/** What on this machine is to be copied. */
export interface LocalSource {
  readonly path: ByteName;
  /** What the copy is called in a directory that is there; undefined: it is that directory's contents */
  readonly name: string | undefined;
}

/** Reads a path as cp(1) does. With `follow`, or with a slash at its end, a link is what it leads to. */
export function localSource(path: string, follow: boolean): LocalSource {
  const absolute = resolve(path);
  const isContents = asksForContents(path) || absolute === '/';
  const given = nameOfText(path.endsWith('/') ? `${absolute}/` : absolute);
  try {
    const stat = lstatSync(pathOf(given));
    const isFollowed = follow || (stat.isDirectory() && path.endsWith('/'));
    const real = isFollowed ? realpathSync(pathOf(given), { encoding: 'latin1' }) : given;
    return { path: real, name: isContents ? undefined : basename(absolute) };
  } catch (error) {
    throw explainFile('read', nameOfText(path), error);
  }
}

/** `dir/.` and `.`, as `docker cp` has it; the same for what is in a guest. */
export function asksForContents(path: string): boolean {
  return /(^|\/)\.\/*$/.test(path);
}
