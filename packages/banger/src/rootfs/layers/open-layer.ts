import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';

import { BangerError } from '@banger/protocol/errors';
import { TarError } from '@banger/sdk/tar/tar-error';

import { fileChunks } from '../../host/file-chunks.ts';
import type { ContentSource } from '../file-tree.ts';
import type { LayerFile } from '../root-disks.ts';
import type { LayerBudget } from './layer-budget.ts';
import { badLayer } from './layer-errors.ts';
import { zstdFrames } from './zstd-frames.ts';

const CHUNK_BYTES = 512 * 1024;

export interface OpenLayer extends ContentSource {
  /**
   * The uncompressed tar from its beginning, counted by the budget. At its end it was what digest and diffId say, or it
   * rejects; what `read` gives later is of the same file, or it rejects.
   */
  verified(budget: LayerBudget, signal: AbortSignal): AsyncGenerator<Buffer, void>;
}

/** Nothing is held open between reads. */
export async function openLayer(file: LayerFile): Promise<OpenLayer> {
  const name = `layer ${file.digest ?? file.diffId ?? file.path}`;
  const before = await look(file.path, name);
  return {
    name,
    async *read(from, signal) {
      const now = await look(file.path, name);
      if (now.mark !== before.mark) throw badLayer(name, 'its file changed while it was used');
      const isPlain = file.compression === 'none';
      const chunks = uncompressed({ file, start: isPlain ? from : 0 }, signal);
      let skip = isPlain ? 0 : from;
      for await (const chunk of explained(chunks, name, signal)) {
        if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip);
        skip = Math.max(0, skip - chunk.length);
      }
    },
    async *verified(budget, signal) {
      const stored = proofOf(file.digest);
      const plain = proofOf(file.diffId);
      const { sizeBytes: fileBytes } = before;
      const onEnd = (storedBytes: number) => {
        if (storedBytes !== fileBytes) throw badLayer(name, 'its file goes on after its end');
      };
      const onStored = (chunk: Buffer) => stored?.update(chunk);
      let soFar = 0;
      const chunks = uncompressed({ file, start: 0, onStored, onEnd }, signal);
      for await (const chunk of explained(chunks, name, signal)) {
        soFar += chunk.length;
        const excess = budget.countBytes(chunk.length, { soFar, fileBytes });
        if (excess !== undefined) throw badLayer(name, excess);
        plain?.update(chunk);
        yield chunk;
      }
      stored?.check(name);
      plain?.check(name);
    },
  };
}

interface Reading {
  readonly file: LayerFile;
  readonly start: number;
  /** Told of the file's bytes as they are */
  readonly onStored?: (chunk: Buffer) => void;
  /** Of gzip, which may end before its file: told how many bytes it was */
  readonly onEnd?: (storedBytes: number) => void;
}

async function* uncompressed(reading: Reading, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  const { compression } = reading.file;
  const stored = storedBytes(reading, signal);
  if (compression === 'none') {
    yield* stored;
    return;
  }
  const isGzip = compression === 'gzip';
  const options = { chunkSize: CHUNK_BYTES };
  const plain = isGzip ? createGunzip(options) : createZstdDecompress(options);
  const framed = (chunks: AsyncIterable<Buffer>) => (isGzip ? chunks : zstdFrames(chunks));
  // What goes wrong on the way is what reading `plain` rejects with.
  const over = pipeline(stored, framed, plain, { signal }).catch(() => undefined);
  try {
    yield* plain;
    if (isGzip) reading.onEnd?.(plain.bytesWritten);
  } finally {
    plain.destroy();
    await over;
    await stored.return(); // A pipeline that broke leaves it where it is, with its file open.
  }
}

async function* storedBytes(
  { file, start, onStored }: Reading,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of fileChunks(file.path, start, signal)) {
    onStored?.(chunk);
    yield chunk;
  }
}

interface Proof {
  update(chunk: Buffer): void;
  /** @throws BangerError when it was something else */
  check(layer: string): void;
}

function proofOf(digest: string | undefined): Proof | undefined {
  if (digest === undefined) return undefined;
  const hash = createHash('sha256');
  return {
    update: (chunk) => hash.update(chunk),
    check(layer) {
      const found = `sha256:${hash.digest('hex')}`;
      if (found !== digest) throw badLayer(layer, `its content is ${found}, and not ${digest}`);
    },
  };
}

async function look(path: string, layer: string) {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { sizeBytes: Number(size), mark: [ino, size, mtimeNs].join(' ') };
  } catch (cause) {
    throw new BangerError('image.damaged', `Cannot read ${layer}: its file "${path}" is gone`, {
      cause,
      hint: 'Pull the image again.',
    });
  }
}

async function* explained(
  chunks: AsyncIterable<Buffer>,
  layer: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  try {
    yield* chunks;
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (error instanceof Error && (/^Z(STD)?_/.test(code) || error instanceof TarError)) {
      throw badLayer(layer, `it is damaged (${error.message})`, error);
    }
    throw error;
  }
}
