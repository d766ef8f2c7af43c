import { nameOfText, showName } from '@banger/sdk/tar/byte-name';

import type { ByteName, Directory, FileNode } from '../../../rootfs/file-tree.ts';
import { resolvePath } from '../../../rootfs/resolve-path.ts';
import { DockerfileProblem } from '../dockerfile/problems.ts';

/** Something that is copied. */
export interface FoundSource {
  /** Its last name, as asked for */
  readonly name: ByteName;
  /** Links followed: a file or directory, or a device or FIFO */
  readonly node: FileNode;
}

/**
 * What the sources of a COPY are, below `root`, whatever they are written like: `/a`, `a/` and `../a` are all `a` of the
 * root. `*`, `?` and `[a-z]` match within one name (Go's path.Match).
 */
export function findSources(root: Directory, sources: readonly string[]): readonly FoundSource[] {
  return sources.flatMap((source) => {
    const parts = partsOf(source);
    const paths = expand(root, [], parts);
    if (paths.length === 0) throw new DockerfileProblem(`"${source}" is not there`);
    return paths.map((path) => {
      const resolved = resolvePath(root, path.join('/'));
      const node = typeof resolved === 'string' ? undefined : resolved.node;
      if (node === undefined)
        throw new DockerfileProblem(`"${showName(path.join('/'))}" is not there`);
      return { name: path.at(-1) ?? '', node };
    });
  });
}

export function hasWildcard(text: string): boolean {
  return /[*?[\\]/.test(text);
}

function partsOf(source: string): readonly ByteName[] {
  const parts: ByteName[] = [];
  for (const part of nameOfText(source).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

function expand(
  root: Directory,
  before: readonly ByteName[],
  [part, ...rest]: readonly ByteName[],
): readonly (readonly ByteName[])[] {
  if (part === undefined) return [before];
  if (!hasWildcard(part)) return expand(root, [...before, part], rest);
  const here = resolvePath(root, before.join('/'));
  if (typeof here === 'string' || here.node?.kind !== 'directory') return [];
  const matcher = matcherOf(part);
  return [...here.node.children.keys()]
    .filter((name) => matcher.test(name))
    .toSorted()
    .flatMap((name) => expand(root, [...before, name], rest))
    .filter((path) => isThere(root, path));
}

function isThere(root: Directory, path: readonly ByteName[]): boolean {
  const found = resolvePath(root, path.join('/'));
  return typeof found !== 'string' && found.node !== undefined;
}

const TOKEN = /\*|\?|\\(.)|\[\^?(?:\\.|[^\]\\])+\]|[^]/gs;

function matcherOf(pattern: string): RegExp {
  const source = pattern.replaceAll(TOKEN, (token, escaped: string | undefined) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 2 && token.startsWith('[')) return token;
    return (escaped ?? token).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    throw new DockerfileProblem(`"${pattern}" is no pattern`);
  }
}
