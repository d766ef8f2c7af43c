import type { ByteName, Directory, FileNode } from './file-tree.ts';

/** What is no directory. */
export type Leaf = Exclude<FileNode, Directory>;

/** As many links as Linux follows on the way to one file (path_resolution(7)). */
const MAX_LINKS = 40;

export interface Tree<D> {
  readonly root: D;
  readonly get: (dir: D, name: ByteName) => D | Leaf | undefined;
}

/** How far a path leads from the root. */
export interface Walked<D> {
  /** From the root to the last directory that is there */
  readonly dirs: readonly D[];
  /** Of the directories after the root */
  readonly names: readonly ByteName[];
  /** What of the path is not there, below the last directory */
  readonly missing: readonly ByteName[];
  /** What the path ends with when that is no directory; its name is the only one missing */
  readonly leaf: Leaf | undefined;
  readonly steps: number;
}

export type NoWay = 'not a directory' | 'too many links';

/**
 * Follows a path as if the tree were the whole file system: links on the way lead to places inside of it, also absolute
 * ones and those with "..", which of the root is the root. A link at the end is followed when `followLast` says so.
 * Where something is missing, the rest is what it says, as if it were there.
 */
export function walkPath<D extends { readonly kind: 'directory' }>(
  { root, get }: Tree<D>,
  path: readonly ByteName[],
  { followLast }: { readonly followLast: boolean },
): Walked<D> | NoWay {
  let dirs = [root];
  let names: ByteName[] = [];
  const missing: ByteName[] = [];
  const todo = path.toReversed();
  let links = 0;
  let steps = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    steps += 1;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (missing.length > 0) missing.pop();
      else if (names.length > 0) {
        names.pop();
        dirs.pop();
      }
      continue;
    }
    const here = dirs.at(-1) ?? root;
    const node = missing.length > 0 ? undefined : get(here, name);
    if (node === undefined) missing.push(name);
    else if (node.kind === 'directory') {
      names.push(name);
      dirs.push(node);
    } else if (node.kind === 'symlink' && (followLast || todo.length > 0)) {
      links += 1;
      if (links > MAX_LINKS) return 'too many links';
      if (node.target.startsWith('/')) {
        dirs = [root];
        names = [];
      }
      todo.push(...node.target.split('/').toReversed());
    } else if (todo.every((rest) => rest === '' || rest === '.')) {
      return { dirs, names, missing: [name], leaf: node, steps };
    } else return 'not a directory';
  }
  return { dirs, names, missing, leaf: undefined, steps };
}
