import { connect } from 'node:net';
import type { IncomingMessage } from 'node:http';

import { BangerError } from '@banger/protocol/errors';
import { WebSocket, type RawData } from 'ws';

import { readWireError } from './read-error.ts';
import type { MessageSocket, SocketRequest } from './transport.ts';
import { explainUnreachable } from './unreachable.ts';

/** RFC 6455 section 7.4.1: the reason says what broke behind the daemon */
const BROKEN = 1011;

/** A daemon never sends a message near this size; more means that it is no daemon. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Opens a WebSocket over a unix socket. A refused upgrade is the error that the daemon answered with. */
export function openWebSocket(
  socketPath: string,
  request: SocketRequest,
  signal: AbortSignal,
): Promise<MessageSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://localhost${request.path}`, [request.protocol], {
      createConnection: () => connect(socketPath),
      headers: { ...request.headers },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    const messages = toMessageSocket(socket, request);
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void readWireError(response.statusCode ?? 0, response).then(reject, reject);
    });
    socket.once('open', () => {
      signal.removeEventListener('abort', abort);
      resolve(messages);
    });
    void messages.closed.then((error) => {
      signal.removeEventListener('abort', abort);
      reject(signal.aborted ? abortReason(signal) : explainUnreachable(socketPath, error));
    });
  });
}

function toMessageSocket(socket: WebSocket, { onMessage }: SocketRequest): MessageSocket {
  let failure: Error | undefined;
  socket.on('error', (error) => (failure ??= error));
  socket.on('close', (code, reason) => {
    if (code === BROKEN) failure ??= new BangerError('guest.connection_lost', reason.toString());
  });
  socket.on('message', (data: RawData) => onMessage(toBytes(data)));
  return {
    closed: new Promise((resolve) => socket.once('close', () => resolve(failure))),
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (error) => (error ? reject(error) : resolve()));
      }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
