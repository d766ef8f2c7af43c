import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';
import type { TarHeader } from '@banger/sdk/tar/tar-entry';

import { childrenInOrder } from './ext4/plan-inodes.ts';
import type { ByteName, Directory, FileNode, RegularFile } from './file-tree.ts';

/** A tree as a tar, in order of path; what has several names is a hard link under all but the first. */
export async function* packTree(
  root: Directory,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const firstNames = new Map<FileNode, ByteName>();
  for (const { name, node } of inOrder(root)) {
    const first = firstNames.get(node);
    if (first !== undefined) {
      yield encodeHeader({ ...headerOf(name, node), kind: 'hard link', linkName: first, size: 0 })
        .bytes;
      continue;
    }
    if (node.kind !== 'directory') firstNames.set(node, name);
    if (node.kind === 'file') yield* packFile(headerOf(name, node), node, signal);
    else yield encodeHeader(headerOf(name, node)).bytes;
  }
  yield TAR_END;
}

async function* packFile(
  header: TarHeader,
  { sizeBytes, content }: RegularFile,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const { source, segments } = content;
  const stored = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const map = segments.map(({ at, sizeBytes: size }) => ({ at, size }));
  const { bytes, padding } = encodeHeader(header, stored === sizeBytes ? undefined : map);
  yield bytes;
  for (const segment of segments) {
    let left = segment.sizeBytes;
    for await (const chunk of source.read(segment.from, signal)) {
      const part = chunk.subarray(0, left);
      yield part;
      left -= part.length;
      if (left === 0) break;
    }
    if (left > 0) throw new Error(`${source.name} ends too soon`);
  }
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

const kinds = {
  directory: 'directory',
  file: 'file',
  symlink: 'link',
  char: 'character device',
  block: 'block device',
  fifo: 'FIFO',
} as const;

function headerOf(name: ByteName, node: FileNode): TarHeader {
  const { kind, mode, uid, gid, mtimeNs, xattrs } = node;
  return {
    ...{ name, mode, uid, gid, mtimeNs, xattrs },
    kind: kinds[kind],
    linkName: kind === 'symlink' ? node.target : '',
    size: kind === 'file' ? node.sizeBytes : 0,
    device:
      kind === 'char' || kind === 'block' ? { major: node.major, minor: node.minor } : undefined,
  };
}
