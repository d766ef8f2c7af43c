import type { Duplex } from 'node:stream';

/** A connection of the host, from somebody who wants to reach a guest */
export interface ClientConnection {
  /** Half-open is kept */
  readonly stream: Duplex;
  /** Ends it so that the peer sees a failure and not an end */
  readonly reset: () => void;
}

/**
 * Joins a client's connection with one in a guest, each direction until it ends: a half-close stays one, a reset on
 * either side resets the other, and who reads slowly slows who writes. Owns both from the call on; resolves when both
 * are closed.
 */
export async function joinConnection(client: ClientConnection, inner: Duplex): Promise<void> {
  const { stream, reset } = client;
  const closed = [stream, inner].map((end) => {
    if (end.closed) return Promise.resolve();
    return new Promise<void>((resolve) => end.once('close', resolve));
  });
  inner.on('error', () => undefined); // Its close says the same.
  inner.once('close', () => {
    if (!isComplete(inner)) reset();
  });
  stream.once('close', () => {
    if (!isComplete(stream)) inner.destroy();
  });
  if (stream.closed) inner.destroy();
  stream.pipe(inner).pipe(stream);
  await Promise.all(closed);
}

function isComplete({ readableEnded, writableFinished }: Duplex): boolean {
  return readableEnded && writableFinished;
}
