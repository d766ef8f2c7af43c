import { lstatSync, readdirSync, type Dirent } from 'node:fs';

import { explainFile } from '../files/file-errors.ts';
import { joinNames, nameOfBytes, pathOf, showName, type ByteName } from '../tar/byte-name.ts';
import type { IgnorePatterns } from './ignore-patterns.ts';

export interface ContextDir {
  readonly dir: ByteName;
  readonly patterns: IgnorePatterns;
  /** Told of what cannot be copied: sockets, devices, FIFOs */
  readonly onSkipped?: ((name: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * What of a directory is in a build's context: names as `packTree` has them, `./a/b`. A directory that is ignored is in it
 * all the same when something below it is wanted.
 */
export function listWanted({ dir, patterns, onSkipped, signal }: ContextDir): Set<ByteName> {
  const wanted = new Set<ByteName>();

  /** Whether anything of it is wanted. */
  function visit(path: ByteName, name: ByteName): boolean {
    signal.throwIfAborted();
    let hasWanted = false;
    for (const entry of entriesOf(path)) {
      const child = nameOfBytes(entry.name);
      const at = { path: joinNames(path, child), name: name === '' ? child : `${name}/${child}` };
      const isIgnored = patterns.isIgnored(Buffer.from(at.name, 'latin1').toString());
      const isEntered = entry.isDirectory() && (!isIgnored || patterns.hasExceptions);
      const isWanted = isEntered ? visit(at.path, at.name) || !isIgnored : !isIgnored;
      if (!isWanted) continue;
      if (!entry.isDirectory() && !entry.isFile() && !entry.isSymbolicLink()) {
        onSkipped?.(showName(at.name));
        continue;
      }
      wanted.add(`./${at.name}`);
      hasWanted = true;
    }
    return hasWanted;
  }

  visit(dir, '');
  return wanted;
}

function entriesOf(path: ByteName): readonly Dirent<Buffer>[] {
  try {
    if (!lstatSync(pathOf(path)).isDirectory()) return [];
    return readdirSync(pathOf(path), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw explainFile('read', path, error);
  }
}
