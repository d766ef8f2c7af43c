import type { TarHeader, TarKind } from '@banger/sdk/tar/tar-entry';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { FileNode, RegularFile, Segment } from '../../../rootfs/file-tree.ts';
import { readInOrder } from './read-in-order.ts';
import type { LayerEntry } from './layer-entries.ts';

/**
 * The entries as a tar: directories and small things by name, then files in the order in which their contents lie, so
 * that each source is read once. The same entries give the same bytes.
 */
export async function* layerTar(
  entries: readonly LayerEntry[],
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const files = new Map<RegularFile, LayerEntry[]>();
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { node } = entry;
    if (node.kind === 'file') files.set(node, [...(files.get(node) ?? []), entry]);
    else yield encodeHeader(headerOf(entry)).bytes;
  }
  for await (const { file, chunks } of readInOrder([...files.keys()], signal)) {
    const [first, ...others] = files.get(file) ?? [];
    if (first === undefined) continue;
    const segments = file.content.segments;
    const { bytes, padding } = encodeHeader(
      { ...headerOf(first), size: file.sizeBytes },
      isSparse(file) ? segments.map(({ at, sizeBytes }) => ({ at, size: sizeBytes })) : undefined,
    );
    yield bytes;
    yield* chunks;
    yield Buffer.alloc(padding);
    for (const other of others) {
      yield encodeHeader({ ...headerOf(other), kind: 'hard link', linkName: first.path }).bytes;
    }
  }
  yield TAR_END;
}

const kinds: Readonly<Record<FileNode['kind'], TarKind>> = {
  directory: 'directory',
  file: 'file',
  symlink: 'link',
  char: 'character device',
  block: 'block device',
  fifo: 'FIFO',
};

function headerOf({ path, node, mode, uid, gid }: LayerEntry): TarHeader {
  const isDevice = node.kind === 'char' || node.kind === 'block';
  return {
    name: node.kind === 'directory' ? `${path}/` : path,
    kind: kinds[node.kind],
    linkName: node.kind === 'symlink' ? node.target : '',
    ...{ mode, uid, gid, mtimeNs: node.mtimeNs, size: 0 },
    device: isDevice ? { major: node.major, minor: node.minor } : undefined,
    xattrs: node.xattrs,
  };
}

function isSparse({ sizeBytes, content: { segments } }: RegularFile): boolean {
  return sumOf(segments) < sizeBytes;
}

function sumOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
