import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { WebSocket } from 'ws';

/** Bytes on their way to the client before the connection is made to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Codes of RFC 6455 section 7.4.1 */
const NORMAL = 1000;
const BROKEN = 1011;
/** Bytes of a close reason, RFC 6455 section 5.5 */
const MAX_REASON_BYTES = 123;

/**
 * Joins a WebSocket of `STREAM_SUBPROTOCOL` to a connection, until both directions have ended, one side breaks, or
 * `signal` aborts. Resolves when both are closed.
 */
export async function joinSocket(
  socket: WebSocket,
  connection: Duplex,
  signal: AbortSignal,
): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  void closed.then(() => connection.destroy());

  socket.on('message', (data: Buffer) => receive(socket, connection, data));
  connection.on('data', (chunk: Buffer) => send(socket, connection, chunk));
  connection.once('end', () => socket.send(Buffer.alloc(0)));
  try {
    await finished(connection);
    socket.close(NORMAL);
  } catch (error) {
    socket.close(BROKEN, reasonOf(error));
  }
  await closed;
  signal.removeEventListener('abort', abort);
}

function receive(socket: WebSocket, connection: Duplex, data: Buffer): void {
  if (data.length === 0) {
    connection.end();
    return;
  }
  if (!connection.writable || connection.write(data)) return;
  socket.pause();
  connection.once('drain', () => socket.resume());
}

function send(socket: WebSocket, connection: Duplex, chunk: Buffer): void {
  if (socket.readyState !== socket.OPEN) {
    connection.pause(); // Its close is on its way; until then nobody takes anything.
    return;
  }
  if (socket.bufferedAmount < HIGH_WATER_BYTES) {
    socket.send(chunk);
    return;
  }
  connection.pause();
  socket.send(chunk, () => connection.resume());
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return Buffer.from(text).subarray(0, MAX_REASON_BYTES).toString().replaceAll('\ufffd', '');
}
