import { createHash } from 'node:crypto';

import type { Directory, FileNode, RegularFile } from '../../rootfs/file-tree.ts';
import { readInOrder } from './copy/read-in-order.ts';
import type { FoundSource } from './copy/find-sources.ts';

/** The files that a client sent for a build. */
export interface ReceivedContext extends AsyncDisposable {
  readonly root: Directory;
  /** Of a file's content, hexadecimal */
  readonly digestOf: (file: RegularFile) => string;
}

/** Digests of all files of a tree, read once. */
export async function digestFiles(
  root: Directory,
  signal: AbortSignal,
): Promise<(file: RegularFile) => string> {
  const digests = new Map<RegularFile, string>();
  const files = new Set(filesOf(root));
  for await (const { file, chunks } of readInOrder([...files], signal)) {
    const hash = createHash('sha256');
    for await (const chunk of chunks) hash.update(chunk);
    digests.set(file, hash.digest('hex'));
  }
  return (file) => {
    const digest = digests.get(file);
    if (digest === undefined) throw new Error('a file that was not in the context');
    return digest;
  };
}

/** What counts of what is copied: names, permissions, contents, where links lead; not when it was changed. */
export function describeSources(
  sources: readonly FoundSource[],
  digestOf: (file: RegularFile) => string,
): unknown {
  const describe = (node: FileNode): unknown => {
    switch (node.kind) {
      case 'directory':
        return [
          ...['directory', node.mode],
          ...[...node.children].toSorted(byName).map(([name, child]) => [name, describe(child)]),
        ];
      case 'file':
        return ['file', node.mode, node.sizeBytes, digestOf(node)];
      case 'symlink':
        return ['symlink', node.target];
      case 'char':
      case 'block':
        return [node.kind, node.mode, node.major, node.minor];
      case 'fifo':
        return ['fifo', node.mode];
    }
  };
  return sources.map(({ name, node }) => [name, describe(node)]);
}

function* filesOf(directory: Directory): Generator<RegularFile, void> {
  for (const child of directory.children.values()) {
    if (child.kind === 'file') yield child;
    else if (child.kind === 'directory') yield* filesOf(child);
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
