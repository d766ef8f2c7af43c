import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { joinNames, nameOfText, showName, type ByteName } from '../tar/byte-name.ts';
import { packTree } from './pack-tree.ts';
import { encodePax } from '../tar/pax-records.ts';
import { encodeBlock } from '../tar/tar-blocks.ts';
import { paddingOf, type TarHeader } from '../tar/tar-entry.ts';
import { unpackTree } from './unpack-tree.ts';
import { encodeHeader, TAR_END } from '../tar/write-tar.ts';

export const { signal: never } = new AbortController();
export const noLimits = { entries: Infinity, bytes: Infinity };

/** A directory for the length of a test. */
export function scratch(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'banger-files-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** What lies below a directory, as find(1) sees it; `format` is its -printf. */
export function found(dir: string, format = '%P\\0'): string[] {
  const output = execFileSync('find', [dir, '-mindepth', '1', '-printf', format]);
  return output.toString('latin1').split('\0').slice(0, -1).sort();
}

export async function pack(path: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(packTree(nameOfText(path), { signal: never })));
}

export async function unpack(
  archive: Uint8Array | AsyncIterable<Uint8Array>,
  path: string,
  name?: string,
): Promise<string> {
  const wanted = {
    path: nameOfText(path),
    name: name === undefined ? undefined : nameOfText(name),
  };
  const chunks = archive instanceof Uint8Array ? inChunks(archive) : archive;
  const at = await unpackTree(wanted, chunks, { limits: noLimits, signal: never });
  return showName(at);
}

/** In pieces that fit nothing. */
export async function* inChunks(bytes: Uint8Array, size = 777): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

export type Made = Partial<Omit<TarHeader, 'size'>> & { readonly content?: string };

/** An archive of anything, the impossible included. */
export function archiveOf(...entries: readonly Made[]): Buffer {
  const parts = entries.map(({ content = '', ...given }) => {
    const bytes = Buffer.from(content);
    const header = { ...plain, ...given, size: bytes.length };
    const { bytes: head, padding } = encodeHeader(header);
    return Buffer.concat([head, bytes, Buffer.alloc(padding)]);
  });
  return Buffer.concat([...parts, TAR_END]);
}

export function headerOf(given: Partial<TarHeader>): Buffer {
  return encodeHeader({ ...plain, size: 0, ...given }).bytes;
}

/** A sparse file of 100 bytes whose content is this text. */
export function sparse(map: string): Buffer {
  const records = encodePax(
    new Map([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', '.'],
      ['GNU.sparse.realsize', '100'],
    ]),
  );
  const numbers = { mode: 0o644, uid: 0, gid: 0, mtime: 0, linkName: '' };
  const blocks = Buffer.alloc(1024);
  blocks.write(map);
  return Buffer.concat([
    encodeBlock({ ...numbers, name: 'x', flag: 'x', size: records.length }),
    records,
    Buffer.alloc(paddingOf(records.length)),
    encodeBlock({ ...numbers, name: 'x', flag: '0', size: blocks.length }),
    blocks,
    TAR_END,
  ]);
}

const plain = {
  name: '.',
  kind: 'file',
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeNs: 1_600_000_000_000_000_000n,
} as const;

export const top: Made = { name: './', kind: 'directory', mode: 0o755 };

export function below(dir: string, name: ByteName): Buffer {
  return Buffer.from(joinNames(nameOfText(dir), name), 'latin1');
}
