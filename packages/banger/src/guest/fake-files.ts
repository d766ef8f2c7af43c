import { posix } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import { explainArchive } from '@banger/sdk/files/bad-archive';
import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { readTar } from '@banger/sdk/tar/read-tar';
import type { TarHeader } from '@banger/sdk/tar/tar-entry';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { GuestGet, GuestPacked, GuestPlaced, GuestPut, GuestSkipped } from './guest-files.ts';

/** One thing in a fake guest. */
export interface FakeFile extends Omit<TarHeader, 'name' | 'size'> {
  readonly content: Buffer;
}

/** Absolute path → what is there */
export type FakeFiles = Map<string, FakeFile>;

const directory: FakeFile = {
  ...{ kind: 'directory', linkName: '', mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n },
  content: Buffer.alloc(0),
};

export function fakeFiles(): FakeFiles {
  return new Map(['/', '/root', '/tmp', '/etc'].map((path) => [path, directory]));
}

/** Nothing is there before all of it is. */
export async function putFake(
  files: FakeFiles,
  request: GuestPut,
  archive: AsyncIterable<Uint8Array>,
): Promise<GuestPlaced> {
  const entries: [string, FakeFile][] = [];
  const reader = new ByteReader(archive);
  let top = '';
  try {
    for await (const { name, size, pieces, ...header } of readTar(reader)) {
      if (entries.length === 0) top = topOf(files, request, header.kind === 'directory');
      const content = Buffer.alloc(size);
      for await (const { at, bytes } of pieces) content.set(bytes, at);
      if (name.split('/').includes('..')) throw badName(name);
      entries.push([posix.join(top, name).replace(/(?<=.)\/$/, ''), { ...header, content }]);
    }
  } catch (error) {
    throw explainArchive(error);
  } finally {
    await reader.close().catch(() => undefined);
  }
  for (const [path, file] of entries) {
    if (files.get(path)?.kind !== 'directory') files.set(path, file);
  }
  return { path: top, entries: entries.length };
}

export function getFake(
  files: FakeFiles,
  { path, isNamed }: GuestGet,
  over: AbortSignal,
): GuestPacked {
  const at = trim(path);
  const file = files.get(at);
  if (file === undefined) throw missing('read', path);
  const { kind } = file;
  if (kind !== 'file' && kind !== 'directory' && kind !== 'link') throw missing('read', path);
  const top = isNamed ? posix.basename(at) : '.';
  return { kind, sizeBytes: file.content.length, archive: archiveOf(files, { top: at, name: top }, over) };
}

async function* archiveOf(
  files: FakeFiles,
  { top, name }: { readonly top: string; readonly name: string },
  over: AbortSignal,
): AsyncGenerator<Uint8Array, GuestSkipped> {
  await Promise.resolve();
  for (const [path, file] of files) {
    over.throwIfAborted();
    if (path !== top && !path.startsWith(top === '/' ? top : `${top}/`)) continue;
    const shown = path === top ? name : `${name}/${posix.relative(top, path)}`;
    const { content, ...header } = file;
    const { bytes, padding } = encodeHeader({ ...header, name: shown, size: content.length });
    yield bytes;
    yield content;
    yield Buffer.alloc(padding);
  }
  over.throwIfAborted();
  yield TAR_END;
  return { names: [], count: 0 };
}

/** As the agent chooses it, less links. */
function topOf(files: FakeFiles, request: GuestPut, isDirectory: boolean): string {
  const { path, name, isArchive, makeParents } = request;
  const at = trim(path);
  const there = files.get(at);
  if (there?.kind === 'directory') return name === undefined ? at : posix.join(at, name);
  if (isArchive === true) throw missing('unpack into', path);
  if (there !== undefined && isDirectory) {
    throw new BangerError('files.wrong_kind', `Cannot copy a directory over "${path}": it is a file`);
  }
  if (path.endsWith('/') && !isDirectory) throw missing('copy into', path);
  if (makeParents === true) for (const dir of parentsOf(at)) files.set(dir, files.get(dir) ?? directory);
  if (files.get(posix.dirname(at))?.kind !== 'directory') throw missing('write', path);
  return at;
}

function parentsOf(path: string): readonly string[] {
  const parent = posix.dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}

function trim(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function missing(verb: string, path: string): BangerError {
  return new BangerError(
    'files.not_found',
    `Cannot ${verb} "${path}": there is no such file or directory`,
  );
}

function badName(name: string): BangerError {
  return new BangerError('files.bad_archive', `The archive has a name with "..": "${name}"`);
}
