import { lstatSync, type BigIntStats } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { below, parentOf, toBytes, type BytePath } from './byte-path.ts';

export const fileKind = { file: 1, link: 2, directory: 3 } as const;
export type FileKind = (typeof fileKind)[keyof typeof fileKind];

/** One file as it is on the host. Two equal ones mean that it was not changed in between. */
export interface FileEntry {
  readonly path: BytePath;
  readonly kind: FileKind;
  /** Permission bits */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/**
 * The kernel's clock of files goes in steps of up to 10 ms. A file that was changed in this step may be changed again
 * without a trace in its times, so nothing that young is read.
 */
const STEP_MS = 20;

const LOOKED_AT_ONCE = 2000;

/** Looks at files below a directory; what is not there, or is neither file nor link, is left out. */
export async function lookAtFiles(
  root: Buffer,
  paths: readonly BytePath[],
  signal: AbortSignal,
): Promise<readonly FileEntry[]> {
  const reachable = directoriesBelow(root);
  const entries: FileEntry[] = [];
  for (let at = 0; at < paths.length; at += LOOKED_AT_ONCE) {
    signal.throwIfAborted();
    for (const path of paths.slice(at, at + LOOKED_AT_ONCE)) {
      const entry = reachable(parentOf(path)) ? lookAt(root, path) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
    await new Promise(setImmediate);
  }
  return settle(root, entries, signal);
}

/** As it is now; undefined when it is gone, or neither file nor link. */
export function lookAt(root: Buffer, path: BytePath): FileEntry | undefined {
  const stats = lstatOf(below(root, path));
  const kind = stats === undefined ? undefined : kindOf(stats);
  return stats === undefined || kind === undefined ? undefined : entryOf(path, kind, stats);
}

export function entryOf(path: BytePath, kind: FileKind, stats: BigIntStats): FileEntry {
  return {
    path,
    kind,
    mode: kind === fileKind.link ? 0o777 : Number(stats.mode & 0o777n),
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
  };
}

/** A directory that is made and otherwise left alone */
export function lookAtDirectory(path: BytePath): FileEntry {
  const times = { mtimeNs: 0n, ctimeNs: 0n, inode: 0n };
  return { path, kind: fileKind.directory, mode: 0o755, sizeBytes: 0, ...times };
}

export function isSame(a: FileEntry, b: FileEntry): boolean {
  return (
    a.kind === b.kind &&
    a.mode === b.mode &&
    a.sizeBytes === b.sizeBytes &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode
  );
}

function kindOf(stats: BigIntStats): FileKind | undefined {
  if (stats.isFile()) return fileKind.file;
  return stats.isSymbolicLink() ? fileKind.link : undefined;
}

function lstatOf(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // A file where its directory should be.
  }
}

/** Whether a directory is reached without a link: what is behind one is not part of the checkout. */
function directoriesBelow(root: Buffer): (path: BytePath) => boolean {
  const known = new Map<BytePath, boolean>([['.', true]]);
  const isDirectory = (path: BytePath): boolean => {
    const found = known.get(path);
    if (found !== undefined) return found;
    const is = isDirectory(parentOf(path)) && lstatOf(below(root, path))?.isDirectory() === true;
    known.set(path, is);
    return is;
  };
  return isDirectory;
}

async function settle(
  root: Buffer,
  entries: readonly FileEntry[],
  signal: AbortSignal,
): Promise<readonly FileEntry[]> {
  const young = BigInt(Date.now() - STEP_MS) * 1_000_000n;
  const now = BigInt(Date.now() + STEP_MS) * 1_000_000n;
  const isYoung = ({ ctimeNs }: FileEntry) => ctimeNs > young && ctimeNs < now;
  if (!entries.some(isYoung)) return entries;
  await wait(STEP_MS, undefined, { signal });
  return entries.flatMap((entry) => {
    const again = isYoung(entry) ? lookAt(root, entry.path) : entry;
    return again === undefined ? [] : [again];
  });
}

/** Length of an entry without its path */
const META_BYTES = 35;

/** kind, mode, size, mtime, version: as guest/internal/workspace/stream.go reads them */
export function encodeMeta(entry: FileEntry): Buffer {
  const bytes = Buffer.allocUnsafe(META_BYTES);
  bytes.writeUInt8(entry.kind, 0);
  bytes.writeUInt16LE(entry.mode, 1);
  bytes.writeBigUInt64LE(BigInt(entry.sizeBytes), 3);
  bytes.writeBigInt64LE(entry.mtimeNs, 11);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, entry.inode), 19);
  bytes.writeBigInt64LE(entry.ctimeNs, 27);
  return bytes;
}

/** `u16 length, path` */
export function encodePath(path: BytePath): Buffer {
  const text = toBytes(path);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([length, text]);
}

export function encodeManifest(entries: readonly FileEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [encodePath(entry.path), encodeMeta(entry)]);
  return Buffer.concat([uint32(entries.length), ...parts]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
