import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';

import { showName } from '@banger/sdk/tar/byte-name';
import { decodeBlock } from '@banger/sdk/tar/tar-blocks';

import type { RegularFile } from '../../../rootfs/file-tree.ts';
import { mergeLayers } from '../../../rootfs/layers/merge-layers.ts';
import type { LayerFile } from '../../../rootfs/root-disks.ts';
import { explainFileError } from '../../../host/file-errors.ts';
import type { BuildRun } from '../build-deps.ts';
import { DockerfileProblem } from '../dockerfile/problems.ts';
import type { FoundSource } from './find-sources.ts';
import { readInOrder } from './read-in-order.ts';

export interface OpenedArchives extends AsyncDisposable {
  readonly sources: readonly FoundSource[];
}

type Opening = Pick<BuildRun, 'dir' | 'signal'>;

/** The sources of an ADD: in place of an archive, the directory that is in it. */
export async function openArchives(
  found: readonly FoundSource[],
  { dir, signal }: Opening,
): Promise<OpenedArchives> {
  await using cleanup = new AsyncDisposableStack();
  const sources: FoundSource[] = [];
  for (const source of found) {
    const { node, name } = source;
    const compression = node.kind === 'file' ? await archiveOf(node, name, signal) : undefined;
    if (node.kind !== 'file' || compression === undefined) {
      sources.push(source);
      continue;
    }
    const path = join(dir, randomUUID());
    cleanup.defer(() => rm(path, { force: true }));
    try {
      await pipeline(contentOf(node, signal), createWriteStream(path), { signal });
    } catch (error) {
      throw explainFileError(error, `Cannot unpack "${showName(name)}"`);
    }
    const archive = { layers: [{ path, compression }], plainNames: true };
    sources.push({ name, node: await mergeLayers(archive, signal) });
  }
  const owned = cleanup.move();
  return { sources, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const HEAD_BYTES = 64 * 1024;
const TAR_BLOCK = 512;
const UNSUPPORTED: Readonly<Record<string, string>> = {
  xz: 'fd377a585a00',
  bzip2: '425a68',
};

/** How it is compressed; undefined: it is no archive, and copied as it is. */
async function archiveOf(
  file: RegularFile,
  name: string,
  signal: AbortSignal,
): Promise<LayerFile['compression'] | undefined> {
  const head = await headOf(file, signal);
  const starts = (hex: string) => head.toString('hex', 0, hex.length / 2) === hex;
  for (const [form, magic] of Object.entries(UNSUPPORTED)) {
    if (!starts(magic)) continue;
    throw new DockerfileProblem(
      `ADD of "${showName(name)}" is not supported: it is compressed by ${form}; gzip and zstd can be unpacked`,
    );
  }
  if (isTar(head)) return 'none';
  if (starts('1f8b') && isTar(uncompressed(() => gunzipSync(head, SOME)))) return 'gzip';
  if (starts('28b52ffd') && isTar(uncompressed(() => zstdDecompressSync(head, SOME_ZSTD)))) {
    return 'zstd';
  }
  return undefined;
}

/** The beginning is all there is. */
const SOME = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 256 * 1024 * 1024 };
const SOME_ZSTD = { finishFlush: constants.ZSTD_e_flush, maxOutputLength: 256 * 1024 * 1024 };

function uncompressed(read: () => Buffer): Buffer {
  try {
    return read();
  } catch {
    return Buffer.alloc(0); // Of another kind after all.
  }
}

function isTar(head: Buffer): boolean {
  if (head.length < TAR_BLOCK) return false;
  try {
    return decodeBlock(head.subarray(0, TAR_BLOCK)) !== undefined;
  } catch {
    return false;
  }
}

async function headOf(file: RegularFile, signal: AbortSignal): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of contentOf(file, signal)) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= HEAD_BYTES) break;
  }
  return head.subarray(0, HEAD_BYTES);
}

async function* contentOf(file: RegularFile, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  for await (const { chunks } of readInOrder([file], signal)) yield* chunks;
}
