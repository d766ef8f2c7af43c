import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';

import { BangerError } from '@banger/protocol/errors';
import { showName } from '@banger/sdk/tar/byte-name';
import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { readTar } from '@banger/sdk/tar/read-tar';
import { TAR_BLOCK, type TarEntry } from '@banger/sdk/tar/tar-entry';
import { TarError } from '@banger/sdk/tar/tar-error';
import type { z } from 'zod';

import type { FileRecord } from '../artifact/file-digest.ts';
import {
  BUNDLE_MANIFEST,
  MAX_MANIFEST_BYTES,
  totalBytes,
  type BundleBase,
} from './bundle-manifest.ts';
import { createSparseFile } from './sparse-file.ts';

export interface Unpacking<Manifest> {
  /** The bundle, a file that was proven to be what was meant */
  readonly bundle: string;
  /** Which names of files there may be is this schema's to say: they become paths below `dir` */
  readonly schema: z.ZodType<Manifest>;
  /** Files are written here; the caller's, who removes it if this fails */
  readonly dir: string;
  /** `bundle of image "x"`, for messages */
  readonly what: string;
  /** Of the content, unpacked */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Unpacks what `packBundle` makes and nothing else: `manifest.json`, then exactly the files that it names, in its order, plain
 * ones with the sizes and digests that it says. A bundle that unpacks to more than it says is stopped where it does.
 * Zeros become holes.
 *
 * @throws BangerError `image.bad_content`
 */
export async function unpackBundle<Manifest extends BundleBase>(
  unpacking: Unpacking<Manifest>,
): Promise<Manifest> {
  const { bundle, what, signal } = unpacking;
  const zstd = createZstdDecompress();
  // What fails it is thrown by whoever reads from it, too.
  const feeding = pipeline(createReadStream(bundle), zstd, { signal }).catch(() => undefined);
  const bound = createBound(zstd, TAR_BLOCK + MAX_MANIFEST_BYTES);
  const reader = new ByteReader(bound.chunks);
  try {
    return await readEntries(readTar(reader), unpacking, bound);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfArchive(error)) throw badBundle(what, error.message, error);
    throw error;
  } finally {
    zstd.destroy();
    await feeding;
  }
}

async function readEntries<Manifest extends BundleBase>(
  entries: AsyncGenerator<TarEntry, void>,
  unpacking: Unpacking<Manifest>,
  bound: Bound,
): Promise<Manifest> {
  const { what, dir, onProgress } = unpacking;
  const manifest = await readManifest(await nextEntry(entries, BUNDLE_MANIFEST, what), unpacking);
  const total = totalBytes(manifest.files);
  // Blocks of names and ends, and GNU tar's padding of the whole to 10 KiB.
  bound.raise(total + (Object.keys(manifest.files).length * 4 + 32) * TAR_BLOCK);
  let done = 0;
  for (const [name, record] of Object.entries(manifest.files)) {
    const entry = await nextEntry(entries, name, what);
    if (entry.size !== record.sizeBytes) {
      throw badBundle(
        what,
        `"${name}" has ${String(entry.size)} bytes instead of ${String(record.sizeBytes)}`,
      );
    }
    const file = join(dir, name);
    await mkdir(dirname(file), { recursive: true });
    const before = done;
    const sha256 = await writeEntry(entry, file, (bytes) => {
      done = before + bytes;
      onProgress?.(done, total);
    });
    if (sha256 !== record.sha256)
      throw badBundle(what, `"${name}" has another digest than its manifest says`);
  }
  const extra = await entries.next();
  if (extra.done !== true)
    throw badBundle(
      what,
      `it has "${showName(extra.value.name)}", which its manifest does not name`,
    );
  return manifest;
}

async function nextEntry(
  entries: AsyncGenerator<TarEntry, void>,
  name: string,
  what: string,
): Promise<TarEntry> {
  const next = await entries.next();
  if (next.done === true) throw badBundle(what, `it ends where "${name}" should come`);
  const entry = next.value;
  if (entry.name !== name)
    throw badBundle(what, `it has "${showName(entry.name)}" where "${name}" should come`);
  if (entry.kind !== 'file')
    throw badBundle(what, `"${name}" is a ${entry.kind} instead of a file`);
  return entry;
}

async function readManifest<Manifest>(
  entry: TarEntry,
  { schema, what }: Unpacking<Manifest>,
): Promise<Manifest> {
  if (entry.size > MAX_MANIFEST_BYTES) throw badBundle(what, 'its manifest is too large');
  const pieces: Buffer[] = [];
  for await (const { bytes } of entry.pieces) pieces.push(Buffer.from(bytes));
  const parsed = schema.safeParse(parseJson(Buffer.concat(pieces).toString('utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badBundle(
    what,
    `its manifest is none: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

/** Resolves with the digest of what was written. */
async function writeEntry(
  entry: TarEntry,
  path: string,
  onProgress: (bytes: number) => void,
): Promise<FileRecord['sha256']> {
  await using file = await createSparseFile(path);
  const hash = createHash('sha256');
  for await (const { at, bytes } of entry.pieces) {
    // A sparse entry has the same bytes in another form; a bundle's has none.
    if (at !== file.sizeBytes) throw new TarError(`"${showName(entry.name)}" has holes`);
    hash.update(bytes);
    await file.append(bytes);
    onProgress(file.sizeBytes);
  }
  await file.end();
  return hash.digest('hex');
}

interface Bound {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** From here on, so many more bytes may come */
  raise(bytes: number): void;
}

function createBound(source: AsyncIterable<unknown>, first: number): Bound {
  let left = first;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for await (const value of source) {
      const chunk = value as Buffer; // A stream without an encoding.
      left -= chunk.length;
      if (left < 0) throw new TarError('it unpacks to more than it says');
      yield chunk;
    }
  }
  return {
    chunks: chunks(),
    raise(bytes) {
      left += bytes;
    },
  };
}

/** What zlib says about damage has codes of its own. */
function isOfArchive(error: unknown): error is Error {
  if (error instanceof TarError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ZSTD_') || code.startsWith('Z_') || code === 'ERR_ZSTD_INVALID';
}

export function badBundle(what: string, fact: string, cause?: unknown): BangerError {
  return new BangerError('image.bad_content', `Cannot use ${what}: ${fact}`, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
