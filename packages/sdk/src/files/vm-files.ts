import { Buffer } from 'node:buffer';
import { posix, resolve } from 'node:path';

import type { FilesPlaced } from '@banger/protocol/files';

import { signalOf, type CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import type { Source } from '../exec-options.ts';
import { nameOfText, showName } from '../tar/byte-name.ts';
import { ByteReader } from '../tar/byte-reader.ts';
import { explainArchive } from './bad-archive.ts';
import { fileError } from './file-errors.ts';
import { asksForContents, localSource } from './local-source.ts';
import { openArchive, type ArchiveRequest } from './open-archive.ts';
import { packTree } from './pack-tree.ts';
import { putArchive } from './put-archive.ts';
import { readTar } from '../tar/read-tar.ts';
import { encodeHeader, TAR_END } from '../tar/write-tar.ts';
import type { TreeLimits } from './tree-builder.ts';
import { unpackTree } from './unpack-tree.ts';

/**
 * The files of one VM. Paths mean what they mean to cp(1): into a directory that is there, else to that name; `dir/.` is
 * the contents of `dir`. A relative path of the guest begins at its workspace, or at /root.
 */
export interface VmFiles {
  /** Copies into the guest, where it belongs to root. Permissions, times, links and holes are kept. */
  put(localPath: string, guestPath: string, options?: CopyOptions): Promise<FilesPlaced>;
  /** Copies out of the guest, to the calling user. Resolves with where it came to be. */
  get(guestPath: string, localPath: string, options?: GetOptions): Promise<string>;
  /** Unpacks a tar stream into a directory that is there, owners included. */
  putArchive(
    archive: AsyncIterable<Uint8Array>,
    guestDir: string,
    options?: CallOptions,
  ): Promise<FilesPlaced>;
  /** A tar stream of what is at a path; rejects in the middle when it cannot be finished. */
  getArchive(guestPath: string, options?: CopyOptions): AsyncGenerator<Uint8Array, void>;
  writeFile(guestPath: string, content: Source, options?: WriteOptions): Promise<FilesPlaced>;
  readFile(guestPath: string, options?: CallOptions): Promise<Buffer>;
}

export interface CopyOptions extends CallOptions {
  /** A link that is itself what is copied is followed */
  readonly follow?: boolean | undefined;
  /** Told of what is left out: sockets */
  readonly onSkipped?: ((name: string) => void) | undefined;
}

export interface GetOptions extends CopyOptions {
  /** How much a guest may send: by default 10 million entries, of any size together */
  readonly limits?: Partial<TreeLimits> | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Permissions; default 0o644 */
  readonly mode?: number | undefined;
}

const DEFAULT_LIMITS: TreeLimits = { entries: 10_000_000, bytes: Infinity };

export function createFiles(caller: Caller, vm: string): VmFiles {
  const request = (path: string, { follow = false, onSkipped }: CopyOptions): ArchiveRequest => {
    return { vm, path, follow, named: false, onSkipped };
  };
  return {
    async put(localPath, guestPath, options = {}) {
      const { path, name } = localSource(localPath, options.follow ?? false);
      const tree = packTree(path, { signal: signalOf(options), onSkipped: options.onSkipped });
      return putArchive(caller, { vm, path: guestPath, name, isArchive: false }, tree, options);
    },
    async get(guestPath, localPath, options = {}) {
      const { chunks } = await openArchive(caller, request(guestPath, options), options);
      const slash = localPath.endsWith('/') ? '/' : '';
      const name = nameInGuest(guestPath);
      const wanted = {
        path: nameOfText(`${resolve(localPath)}${slash}`),
        name: name === undefined ? undefined : nameOfText(name),
      };
      const limits = { ...DEFAULT_LIMITS, ...options.limits };
      return showName(await unpackTree(wanted, chunks, { limits, signal: signalOf(options) }));
    },
    putArchive: (archive, path, options = {}) =>
      putArchive(caller, { vm, path, isArchive: true }, archive, options),
    async *getArchive(guestPath, options = {}) {
      const named = !asksForContents(guestPath);
      const asked = { ...request(guestPath, options), named };
      yield* (await openArchive(caller, asked, options)).chunks;
    },
    async writeFile(guestPath, content, options = {}) {
      const bytes = await collect(content);
      const place = { vm, path: guestPath, isArchive: false };
      return putArchive(caller, place, fileArchive(bytes, options.mode ?? 0o644), options);
    },
    async readFile(guestPath, options = {}) {
      const asked = request(guestPath, { follow: true });
      const { kind, chunks } = await openArchive(caller, asked, options);
      return contentOf(kind, guestPath, chunks);
    },
  };
}

/** The user's own name for it, so that a guest cannot choose what is written; none where it has none. */
function nameInGuest(path: string): string | undefined {
  const name = posix.basename(path);
  return asksForContents(path) || ['', '.', '..', '~'].includes(name) ? undefined : name;
}

async function* fileArchive(bytes: Buffer, mode: number): AsyncGenerator<Uint8Array, void> {
  const header = { name: '.', kind: 'file', linkName: '', mode, uid: 0, gid: 0 } as const;
  const mtimeNs = BigInt(Date.now()) * 1_000_000n;
  const { bytes: head, padding } = encodeHeader({ ...header, mtimeNs, size: bytes.length });
  await Promise.resolve();
  yield head;
  yield bytes;
  yield Buffer.alloc(padding);
  yield TAR_END;
}

async function collect(content: Source): Promise<Buffer> {
  if (typeof content === 'string' || content instanceof Uint8Array) return Buffer.from(content);
  const chunks = await Array.fromAsync(content);
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
}

async function contentOf(
  kind: string,
  path: string,
  chunks: AsyncGenerator<Uint8Array, void>,
): Promise<Buffer> {
  const reader = new ByteReader(chunks);
  try {
    if (kind !== 'file') {
      throw fileError(
        'files.wrong_kind',
        `Cannot read "${path}": it is not a file`,
        'banger vm cp VM:PATH .',
      );
    }
    let content: Buffer | undefined;
    for await (const { size, pieces } of readTar(reader)) {
      content = Buffer.alloc(size);
      for await (const { at, bytes } of pieces) content.set(bytes, at);
    }
    return content ?? Buffer.alloc(0);
  } catch (error) {
    throw explainArchive(error);
  } finally {
    await reader.close().catch(() => undefined);
  }
}
