import type { Directory, FileNode } from '../../rootfs/file-tree.ts';
import { findNode } from '../../rootfs/resolve-path.ts';
import { readInOrder } from './copy/read-in-order.ts';

/** A directory as an object of names; files by their content. */
export function shown(root: Directory, path: string): Promise<unknown> {
  return show(findNode(root, path));
}

async function show(node: FileNode | undefined): Promise<unknown> {
  if (node?.kind === 'symlink') return `-> ${node.target}`;
  if (node?.kind !== 'directory') return contentOf(node);
  const children = await Promise.all(
    [...node.children].map(async ([name, child]) => [name, await show(child)] as const),
  );
  return Object.fromEntries(children);
}

export async function contentOf(node: FileNode | undefined): Promise<string | undefined> {
  if (node?.kind !== 'file') return undefined;
  let text = '';
  for await (const { chunks } of readInOrder([node], new AbortController().signal)) {
    for await (const chunk of chunks) text += chunk.toString();
  }
  return text;
}
