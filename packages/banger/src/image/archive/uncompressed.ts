import { Readable, type Duplex } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

import { compressionOf } from '../oci/layer-file.ts';
import { badArchive } from './archive-error.ts';

/** A stream that may be compressed, by its first bytes. What is wrong with the compression is the archive's fault. */
export async function* uncompressed(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const chunks = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let next = await chunks.next();
  while (next.done !== true) {
    head = Buffer.concat([head, next.value]);
    if (head.length >= 4) break;
    next = await chunks.next();
  }
  const all = joined(head, chunks);
  const compression = compressionOf(head);
  if (compression === 'none') yield* all;
  else yield* through(compression === 'gzip' ? createGunzip() : createZstdDecompress(), all);
}

async function* joined(
  head: Buffer,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

async function* through(
  transform: Duplex,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(bytes, { objectMode: false });
  let sourceError: Error | undefined;
  source.once('error', (error: Error) => {
    sourceError = error;
    transform.destroy(error);
  });
  source.pipe(transform);
  try {
    for await (const chunk of transform) yield chunk as Buffer; // A stream without an encoding.
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw badArchive('its compressed data is damaged', error);
  } finally {
    source.destroy();
    transform.destroy();
  }
}
