import { open } from 'node:fs/promises';

const CHUNK_BYTES = 512 * 1024;

/** The bytes of a file from one on, until the reader stops; it is open no longer than that. */
export async function* fileChunks(
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  await using file = await open(path);
  for (let at = from; ;) {
    signal.throwIfAborted();
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
