import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';
import type { TarHeader } from '@banger/sdk/tar/tar-entry';

import { childrenInOrder } from './ext4/plan-inodes.ts';
import type { ByteName, Directory, FileNode, RegularFile } from './file-tree.ts';
import { SourceReader } from './source-reader.ts';
import { encodeFileHead, tarHeaderOf } from './tar-head.ts';

/** A tree as a tar, in order of path; what has several names is a hard link under all but the first. */
export async function* packTree(
  root: Directory,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const firstNames = new Map<FileNode, ByteName>();
  for (const { name, node } of inOrder(root)) {
    const first = firstNames.get(node);
    if (first !== undefined) {
      yield encodeHeader({
        ...tarHeaderOf(name, node),
        kind: 'hard link',
        linkName: first,
        size: 0,
      }).bytes;
      continue;
    }
    if (node.kind !== 'directory') firstNames.set(node, name);
    if (node.kind === 'file') yield* packFile(tarHeaderOf(name, node), node, signal);
    else yield encodeHeader(tarHeaderOf(name, node)).bytes;
  }
  yield TAR_END;
}

async function* packFile(
  header: TarHeader,
  file: RegularFile,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const { source, segments } = file.content;
  const { bytes, padding } = encodeFileHead(header, file);
  yield bytes;
  await using reader = new SourceReader(source, signal);
  for (const { from, sizeBytes } of segments) yield* reader.range(from, sizeBytes);
  yield Buffer.alloc(padding);
}

interface Named {
  readonly name: ByteName;
  readonly node: FileNode;
}

/** Directories before what is in them. */
function* inOrder(root: Directory): Generator<Named, void> {
  yield { name: './', node: root };
  const open = namedChildren('', root).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    const { name, node } = next;
    if (node.kind === 'directory') open.push(...namedChildren(name, node).reverse());
  }
}

function namedChildren(path: ByteName, dir: Directory): Named[] {
  return childrenInOrder(dir).map(([name, node]) => ({
    name: `${path}${name}${node.kind === 'directory' ? '/' : ''}`,
    node,
  }));
}
