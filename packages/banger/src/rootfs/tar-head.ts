import type { TarHeader, TarKind } from '@banger/sdk/tar/tar-entry';
import { encodeHeader } from '@banger/sdk/tar/write-tar';

import type { ByteName, FileNode, RegularFile } from './file-tree.ts';

const kinds: Readonly<Record<FileNode['kind'], TarKind>> = {
  directory: 'directory',
  file: 'file',
  symlink: 'link',
  char: 'character device',
  block: 'block device',
  fifo: 'FIFO',
};

/** What a tar says of a node; a directory's name ends with a slash. */
export function tarHeaderOf(name: ByteName, node: FileNode): TarHeader {
  const { kind, mode, uid, gid, mtimeNs, xattrs } = node;
  const isDevice = kind === 'char' || kind === 'block';
  return {
    ...{ name, mode, uid, gid, mtimeNs, xattrs },
    kind: kinds[kind],
    linkName: kind === 'symlink' ? node.target : '',
    size: kind === 'file' ? node.sizeBytes : 0,
    device: isDevice ? { major: node.major, minor: node.minor } : undefined,
  };
}

/** What comes before a file's content, and how much after it: with a map of its data where it has holes. */
export function encodeFileHead(
  header: TarHeader,
  { sizeBytes, content: { segments } }: RegularFile,
): ReturnType<typeof encodeHeader> {
  const dataBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const map = segments.map(({ at, sizeBytes: size }) => ({ at, size }));
  return encodeHeader(header, dataBytes === sizeBytes ? undefined : map);
}
