import type { ByteName, Directory, FileNode } from './file-tree.ts';
import { walkPath, type NoWay, type Tree } from './walk-path.ts';

export interface ResolvedPath {
  /** Absolute, without links on the way; of what is not there, where it would come to be */
  readonly path: ByteName;
  /** undefined: nothing is there */
  readonly node: FileNode | undefined;
}

export interface ResolveOptions {
  /** Whether a link at the end is followed, as stat(2) does and lstat(2) does not. Default true */
  readonly followLast?: boolean;
}

/** What is at a path, or would be, with the links on the way followed inside of the root. */
export function resolvePath(
  root: Directory,
  path: ByteName,
  { followLast = true }: ResolveOptions = {},
): ResolvedPath | NoWay {
  const walked = walkPath(treeOf(root), path.split('/'), { followLast });
  if (typeof walked === 'string') return walked;
  const { dirs, names, missing, leaf } = walked;
  return {
    path: `/${[...names, ...missing].join('/')}`,
    node: missing.length === 0 ? dirs.at(-1) : leaf,
  };
}

/** What is at a path; undefined: nothing, or there is no way to it. */
export function findNode(
  root: Directory,
  path: ByteName,
  options: ResolveOptions = {},
): FileNode | undefined {
  const resolved = resolvePath(root, path, options);
  return typeof resolved === 'string' ? undefined : resolved.node;
}

function treeOf(root: Directory): Tree<Directory> {
  return { root, get: (dir, name) => dir.children.get(name) };
}
