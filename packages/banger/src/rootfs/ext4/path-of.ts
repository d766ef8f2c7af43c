import { showName } from '@banger/sdk/tar/byte-name';

import type { Directory, FileNode } from '../file-tree.ts';

/** Where a node is in a tree, for messages: the first of its paths. */
export function pathOf(root: Directory, wanted: FileNode): string {
  if (root === wanted) return '/';
  const open: [string, Directory][] = [['', root]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, dir] = next;
    for (const [name, node] of dir.children) {
      if (node === wanted) return showName(`${path}/${name}`);
      if (node.kind === 'directory') open.push([`${path}/${name}`, node]);
    }
  }
  return '?';
}
