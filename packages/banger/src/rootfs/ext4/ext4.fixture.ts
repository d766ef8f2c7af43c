import { execFileSync } from 'node:child_process';

import type {
  Content,
  ContentSource,
  Directory,
  FileNode,
  RegularFile,
  SymbolicLink,
} from '../file-tree.ts';

export const { signal: never } = new AbortController();

const plain = {
  ...{ mode: 0o755, uid: 0, gid: 0, xattrs: undefined },
  mtimeNs: 1_600_000_000_123_456_789n,
};
type Given = Partial<Pick<RegularFile, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'xattrs'>>;

/** A source of bytes that look like nothing in particular, in chunks of an odd size. */
export function memorySource(
  sizeBytes: number,
  name = 'memory',
): ContentSource & { bytes: Buffer } {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (at * 7 + (at >> 8)) & 0xff;
  return {
    name,
    bytes,
    // eslint-disable-next-line @typescript-eslint/require-await -- it has nothing to wait for
    async *read(from) {
      for (let at = from; at < sizeBytes; at += 10_007) yield bytes.subarray(at, at + 10_007);
    },
  };
}

export function aDirectory(
  children: Readonly<Record<string, FileNode>>,
  given: Given = {},
): Directory {
  return { kind: 'directory', ...plain, ...given, children: new Map(Object.entries(children)) };
}

export function aFile(
  content: Content & { readonly sizeBytes: number },
  given: Given = {},
): RegularFile {
  const { sizeBytes, source, segments } = content;
  return {
    kind: 'file',
    ...plain,
    mode: 0o644,
    ...given,
    sizeBytes,
    content: { source, segments },
  };
}

/** A file without holes */
export function aSolidFile(
  source: ContentSource,
  { from = 0, sizeBytes }: { readonly from?: number; readonly sizeBytes: number },
  given: Given = {},
): RegularFile {
  const segments = sizeBytes === 0 ? [] : [{ at: 0, from, sizeBytes }];
  return aFile({ sizeBytes, source, segments }, given);
}

export function aLink(target: string): SymbolicLink {
  return { kind: 'symlink', ...plain, mode: 0o777, target };
}

export function aDevice(kind: 'char' | 'block', major: number, minor: number): FileNode {
  return { kind, ...plain, mode: 0o600, major, minor };
}

export function aFifo(): FileNode {
  return { kind: 'fifo', ...plain, mode: 0o600 };
}

/** Throws what e2fsck has to say about a file that is not clean. */
export function assertClean(file: string): void {
  try {
    execFileSync('/usr/sbin/e2fsck', ['-fn', file], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(String((error as { stdout?: unknown }).stdout), { cause: error });
  }
}
