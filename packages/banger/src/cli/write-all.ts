import type { Writable } from 'node:stream';

/** Resolves when the stream has taken the bytes, which is the back-pressure; rejects when it cannot. */
export function writeAll(stream: Writable, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
