import type { ByteName, Directory, FileNode } from '../file-tree.ts';
import { Ext4Limit } from './ext4-limit.ts';
import { FIRST_INODE, MAX_LINKS, ROOT_INODE } from './format.ts';

/** The inodes of a tree, numbered: the root, then the children of each directory together, in order of name. */
export interface InodeNumbers {
  /** In order of number */
  readonly inodes: readonly NumberedInode[];
  readonly numberOf: (node: FileNode) => number;
}

export interface NumberedInode {
  readonly node: FileNode;
  readonly number: number;
  /** Of the directory that a directory is in; the root is in itself */
  readonly parent: number;
  /** As `stat` counts them, but 1 for a directory with more directories than can be counted */
  readonly links: number;
}

/** @throws Ext4Limit */
export function numberInodes(root: Directory): InodeNumbers {
  const numbers = new Map<FileNode, number>([[root, ROOT_INODE]]);
  const found: { node: FileNode; number: number; parent: number; links: number }[] = [
    { node: root, number: ROOT_INODE, parent: ROOT_INODE, links: 2 },
  ];
  const open: Directory[] = [root];
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    const parent = numbers.get(dir) ?? ROOT_INODE;
    const below: Directory[] = [];
    for (const [, node] of childrenInOrder(dir)) {
      const known = numbers.get(node);
      if (known !== undefined) {
        const inode = found[indexOf(known)];
        if (inode === undefined || node.kind === 'directory') {
          throw new Ext4Limit(node, 'is a directory in two places');
        }
        inode.links += 1;
        continue;
      }
      const number = FIRST_INODE + found.length - 1;
      numbers.set(node, number);
      const isDirectory = node.kind === 'directory';
      found.push({ node, number, parent, links: isDirectory ? 2 : 1 });
      if (!isDirectory) continue;
      below.push(node);
      const above = found[indexOf(parent)];
      if (above !== undefined) above.links += 1;
    }
    open.push(...below.reverse());
  }
  return {
    inodes: found.map((inode) => ({ ...inode, links: countedLinks(inode) })),
    numberOf: (node) => numbers.get(node) ?? 0,
  };
}

function indexOf(number: number): number {
  return number === ROOT_INODE ? 0 : number - FIRST_INODE + 1;
}

function countedLinks({
  node,
  links,
}: {
  readonly node: FileNode;
  readonly links: number;
}): number {
  if (links <= MAX_LINKS) return links;
  if (node.kind === 'directory') return 1;
  throw new Ext4Limit(node, `has ${String(links)} names, and ext4 counts to ${String(MAX_LINKS)}`);
}

/** In order of bytes: the same tree is the same file, in whatever order it came together. */
export function childrenInOrder(dir: Directory): [ByteName, FileNode][] {
  return [...dir.children].sort(([one], [other]) => (one < other ? -1 : 1));
}
