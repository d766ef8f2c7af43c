import type { ByteName, Device, Directory, FileNode } from './file-tree.ts';

/**
 * What one tree has other than another, as the upper directory of an overlay: put above `base`, it is `merged`. Nodes that
 * are the same object are untouched. A hard link of which one name is new is there with all of its names: names above
 * and below would be two files.
 */
export function deltaTree(base: Directory, merged: Directory): Directory {
  const moved = namedAnew(base, merged);
  return delta(base, merged, moved) ?? { ...merged, children: new Map() };
}

/** Only what differs; undefined: nothing does. Recursion is as deep as paths are long. */
function delta(
  base: Directory,
  merged: Directory,
  moved: ReadonlySet<FileNode>,
): Directory | undefined {
  if (base === merged && moved.size === 0) return undefined;
  const children = new Map<ByteName, FileNode>();
  for (const [name, node] of merged.children) {
    const change = changeOf(base.children.get(name), node, moved);
    if (change !== undefined) children.set(name, change);
  }
  for (const name of base.children.keys()) {
    if (!merged.children.has(name)) children.set(name, whiteout());
  }
  if (base === merged && children.size === 0) return undefined;
  return { ...merged, children };
}

function changeOf(
  below: FileNode | undefined,
  node: FileNode,
  moved: ReadonlySet<FileNode>,
): FileNode | undefined {
  if (node.kind === 'directory' && below?.kind === 'directory') return delta(below, node, moved);
  return below === node && !moved.has(node) ? undefined : node;
}

/** Each is one of its own: names that an inode can have are few. */
function whiteout(): Device {
  return {
    kind: 'char',
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    xattrs: undefined,
    major: 0,
    minor: 0,
  };
}

/** Nodes of the base that have a name in the other tree that they did not have. */
function namedAnew(base: Directory, merged: Directory): ReadonlySet<FileNode> {
  const fresh = new Set<FileNode>();
  collectFresh(base, merged, fresh);
  if (fresh.size === 0) return fresh;
  const old = new Set<FileNode>();
  for (const node of leaves(base)) if (fresh.has(node)) old.add(node);
  return old;
}

function collectFresh(base: Directory | undefined, merged: Directory, fresh: Set<FileNode>): void {
  if (base === merged) return;
  for (const [name, node] of merged.children) {
    const below = base?.children.get(name);
    if (node.kind === 'directory') {
      collectFresh(below?.kind === 'directory' ? below : undefined, node, fresh);
    } else if (below !== node) fresh.add(node);
  }
}

function* leaves(dir: Directory): Generator<FileNode, void> {
  const open = [dir];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const node of next.children.values()) {
      if (node.kind === 'directory') open.push(node);
      else yield node;
    }
  }
}
