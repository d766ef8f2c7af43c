import { createHash } from 'node:crypto';

import type { Directory, FileNode } from '../file-tree.ts';
import { readContent } from '../read-content.ts';
import { childrenInOrder } from './plan-inodes.ts';
import { never } from './ext4.fixture.ts';

/** Everything that is to be seen of a tree from outside, a line for each path; names of one inode point to the first. */
export async function describeTree(root: Directory): Promise<readonly string[]> {
  const lines: string[] = [];
  const firstPaths = new Map<FileNode, string>();
  const visit = async (path: string, node: FileNode): Promise<void> => {
    const first = firstPaths.get(node);
    if (first !== undefined) {
      lines.push(`${path} is ${first}`);
      return;
    }
    firstPaths.set(node, path);
    lines.push(`${path} ${await describe(node)}`);
    if (node.kind !== 'directory') return;
    for (const [name, child] of childrenInOrder(node)) {
      await visit(`${path === '/' ? '' : path}/${name}`, child);
    }
  };
  await visit('/', root);
  return lines;
}

async function describe(node: FileNode): Promise<string> {
  const { kind, mode, uid, gid, mtimeNs } = node;
  const xattrs = [...(node.xattrs ?? [])]
    .map(([name, value]) => `${name}=${value.toString('hex')}`)
    .sort();
  const own = `${kind} ${mode.toString(8)} ${String(uid)}:${String(gid)} ${String(mtimeNs)} [${xattrs.join(' ')}]`;
  return `${own} ${await contentOf(node)}`;
}

async function contentOf(node: FileNode): Promise<string> {
  switch (node.kind) {
    case 'file': {
      const bytes = await readContent(node, node.sizeBytes, never);
      return `${String(node.sizeBytes)} ${createHash('sha256').update(bytes).digest('hex')}`;
    }
    case 'symlink':
      return node.target;
    case 'char':
    case 'block':
      return `${String(node.major)}:${String(node.minor)}`;
    case 'directory':
    case 'fifo':
      return '';
  }
}
