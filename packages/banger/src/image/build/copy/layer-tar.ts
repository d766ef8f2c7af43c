import type { TarHeader } from '@banger/sdk/tar/tar-entry';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { RegularFile } from '../../../rootfs/file-tree.ts';
import { encodeFileHead, tarHeaderOf } from '../../../rootfs/tar-head.ts';
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
    const { bytes, padding } = encodeFileHead(headerOf(first), file);
    yield bytes;
    yield* chunks;
    yield Buffer.alloc(padding);
    for (const other of others) {
      yield encodeHeader({ ...headerOf(other), kind: 'hard link', linkName: first.path, size: 0 })
        .bytes;
    }
  }
  yield TAR_END;
}

/** Of the node, with the owner and permissions that it is to have. */
function headerOf({ path, node, mode, uid, gid }: LayerEntry): TarHeader {
  const name = node.kind === 'directory' ? `${path}/` : path;
  return { ...tarHeaderOf(name, node), mode, uid, gid };
}
