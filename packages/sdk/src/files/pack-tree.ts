import { Buffer } from 'node:buffer';
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  constants,
  type BigIntStats,
} from 'node:fs';

import { joinNames, nameOfBytes, pathOf, showName, type ByteName } from '../tar/byte-name.ts';
import { explainFile, fileChanged, fileError } from './file-errors.ts';
import { readContent } from './read-content.ts';
import { findSegments } from './find-segments.ts';
import type { TarHeader, TarKind } from '../tar/tar-entry.ts';
import { encodeHeader, TAR_END } from '../tar/write-tar.ts';

export interface PackOptions {
  /** Told of what is left out: sockets, which mean nothing elsewhere */
  readonly onSkipped?: ((name: string) => void) | undefined;
  /** Permissions of a file that is itself what is packed, instead of its own */
  readonly fileMode?: number | undefined;
  /** Whether what has this name in the archive is to be in it; what is not looked at is not read either */
  readonly isWanted?: ((name: ByteName) => boolean) | undefined;
  readonly signal: AbortSignal;
}

/**
 * A file, a link or a directory with all below it as a tar stream whose first entry is named ".". Everything belongs to
 * root in it; permissions, times, links and holes are as they are. Small files are read at once, where waiting for each
 * would take longer than reading it; of large ones a piece at a time is in memory.
 *
 * @throws BangerError `files.changed` naming what grew, shrank or vanished meanwhile; `files.not_found`
 */
export async function* packTree(
  path: ByteName,
  options: PackOptions,
): AsyncGenerator<Buffer, void> {
  yield* packOne({ path, name: '.' }, { ...options, linked: new Map() });
  yield TAR_END;
}

interface Place {
  /** On this machine */
  readonly path: ByteName;
  /** In the archive */
  readonly name: ByteName;
}

interface Packing extends PackOptions {
  /** First names of files that have several, by device and inode */
  readonly linked: Map<string, ByteName>;
}

async function* packOne(place: Place, packing: Packing): AsyncGenerator<Buffer, void> {
  packing.signal.throwIfAborted();
  const stat = reading(place, () => lstatSync(pathOf(place.path), { bigint: true }));
  if (stat.isDirectory()) {
    yield encodeHeader(headerOf(place, 'directory', stat)).bytes;
    const names = reading(place, () => readdirSync(pathOf(place.path), { encoding: 'buffer' }));
    for (const bytes of names) {
      const name = nameOfBytes(bytes);
      const child = { path: joinNames(place.path, name), name: `${place.name}/${name}` };
      if (packing.isWanted?.(child.name) !== false) yield* packOne(child, packing);
    }
  } else if (stat.isFile()) {
    yield* packFile(place, stat, packing);
  } else if (stat.isSymbolicLink()) {
    const linkName = nameOfBytes(
      reading(place, () => readlinkSync(pathOf(place.path), { encoding: 'buffer' })),
    );
    yield encodeHeader({ ...headerOf(place, 'link', stat), linkName }).bytes;
  } else if (stat.isSocket()) {
    packing.onSkipped?.(showName(place.path));
  } else {
    const what = stat.isFIFO() ? 'a FIFO' : 'a device';
    throw fileError(
      'files.wrong_kind',
      `Cannot copy "${showName(place.path)}": it is ${what}`,
      'tar --create DIR | banger vm cp - VM:DIR',
    );
  }
}

async function* packFile(
  place: Place,
  before: BigIntStats,
  packing: Packing,
): AsyncGenerator<Buffer, void> {
  const id = `${String(before.dev)}:${String(before.ino)}`;
  const first = before.nlink > 1n ? packing.linked.get(id) : undefined;
  if (first !== undefined) {
    yield encodeHeader({ ...headerOf(place, 'hard link', before), linkName: first }).bytes;
    return;
  }
  const fd = reading(place, () => openSync(pathOf(place.path), READ_FLAGS));
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile() || stat.ino !== before.ino) throw fileChanged(place.path);
    const size = Number(stat.size);
    const segments = hasHoles(stat) ? await findSegments(fd, size, packing.signal) : undefined;
    const own = headerOf(place, 'file', stat);
    const mode = place.name === '.' ? (packing.fileMode ?? own.mode) : own.mode;
    const { bytes, padding } = encodeHeader({ ...own, mode, size }, segments);
    yield bytes;
    for (const segment of segments ?? [{ at: 0, size }]) {
      yield* readContent({ fd, path: place.path }, segment, packing.signal);
    }
    yield Buffer.alloc(padding);
    const after = fstatSync(fd, { bigint: true });
    if (after.size !== stat.size || after.mtimeNs !== stat.mtimeNs) throw fileChanged(place.path);
  } finally {
    closeSync(fd);
  }
  if (before.nlink > 1n) packing.linked.set(id, place.name);
}

/** NONBLOCK for what was a file a moment ago, and may be a FIFO now. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** st_blocks counts in units of 512 bytes, whatever the file system's are (stat(2)). */
function hasHoles(stat: BigIntStats): boolean {
  return stat.blocks * 512n < stat.size;
}

function headerOf({ name }: Place, kind: TarKind, stat: BigIntStats): TarHeader {
  const mode = Number(stat.mode) & 0o7777;
  const shown = kind === 'directory' ? `${name}/` : name;
  return { name: shown, kind, linkName: '', mode, uid: 0, gid: 0, mtimeNs: stat.mtimeNs, size: 0 };
}

function reading<T>({ path, name }: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isInside = name !== '.';
    throw isInside && isMissing(error) ? fileChanged(path) : explainFile('read', path, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
