import { chmodSync, lstatSync, readdirSync, renameSync } from 'node:fs';

import { joinNames, nameOfBytes, pathOf, showName, type ByteName } from '../tar/byte-name.ts';
import type { Target } from './choose-target.ts';
import { explainFile, fileError, quoteName } from './file-errors.ts';
import type { LockedDirectory } from './tree-builder.ts';

/** Gives what was built its final name. Of directories that are there already, permissions and times stay. */
export function moveIntoPlace(
  built: ByteName,
  { path, merges }: Target,
  locked: readonly LockedDirectory[],
): void {
  if (!merges) {
    rename(built, path);
    for (const { name, mode } of locked) chmodSync(pathOf(joinNames(path, name)), mode);
    return;
  }
  refuseConflicts(built, path);
  const merged = new Set<ByteName>();
  merge({ built, path, name: '.' }, merged);
  for (const { name, mode } of locked) {
    if (!merged.has(name)) chmodSync(pathOf(joinNames(path, name)), mode);
  }
}

/** Before anything is moved: a directory where a file is to come, or the other way round. */
function refuseConflicts(built: ByteName, path: ByteName): void {
  for (const { name, isDirectory } of childrenOf(built)) {
    const at = joinNames(path, name);
    const there = lstatSync(pathOf(at), { throwIfNoEntry: false });
    if (there === undefined) continue;
    if (there.isDirectory() !== isDirectory) {
      const what = isDirectory ? 'a directory over' : 'a file over the directory';
      const hint = `ls -la ${quoteName(path)}`;
      throw fileError('files.wrong_kind', `Cannot copy ${what} "${showName(at)}"`, hint);
    }
    if (isDirectory) refuseConflicts(joinNames(built, name), at);
  }
}

function merge(
  {
    built,
    path,
    name,
  }: { readonly built: ByteName; readonly path: ByteName; readonly name: ByteName },
  merged: Set<ByteName>,
): void {
  merged.add(name);
  for (const child of childrenOf(built)) {
    const from = joinNames(built, child.name);
    const to = joinNames(path, child.name);
    const below = name === '.' ? child.name : joinNames(name, child.name);
    if (
      child.isDirectory &&
      lstatSync(pathOf(to), { throwIfNoEntry: false })?.isDirectory() === true
    ) {
      merge({ built: from, path: to, name: below }, merged);
    } else rename(from, to);
  }
}

function childrenOf(
  dir: ByteName,
): readonly { readonly name: ByteName; readonly isDirectory: boolean }[] {
  return readdirSync(pathOf(dir), { encoding: 'buffer', withFileTypes: true }).map((entry) => ({
    name: nameOfBytes(entry.name),
    isDirectory: entry.isDirectory(),
  }));
}

function rename(from: ByteName, to: ByteName): void {
  try {
    renameSync(pathOf(from), pathOf(to));
  } catch (error) {
    throw explainFile('write', to, error);
  }
}
