import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { OPERATION_HEADER } from '@banger/protocol/streams';
import { WebSocketServer } from 'ws';

import { errorResponse } from './error-response.ts';
import type { SocketRoutes } from './socket-routes.ts';

/** One message of a client is at most this long; longer ones end the connection. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

export function createAcceptor({ protocols }: SocketRoutes): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    // Only the one that its route speaks was let through.
    handleProtocols: (offered) => protocols.find((known) => offered.has(known)) ?? false,
  });
}

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly connection: Duplex;
  readonly head: Buffer;
}

/** A refusal is an HTTP answer, which the client reads as any other error. */
export async function upgradeSocket(
  { request, connection, head }: Upgrade,
  acceptor: WebSocketServer,
  sockets: SocketRoutes,
): Promise<void> {
  const gone = new AbortController();
  const hangUp = () => gone.abort(new BangerError('operation.cancelled', 'the client went away'));
  connection.on('error', hangUp).once('close', hangUp);
  try {
    const accepted = await sockets.open(request, gone.signal);
    const handOver = { isDone: false };
    acceptor.handleUpgrade(request, connection, head, (socket) => {
      handOver.isDone = true;
      accepted.take(socket);
    });
    if (!handOver.isDone) accepted.drop();
  } catch (error) {
    const operation = request.headers[OPERATION_HEADER];
    const response = errorResponse(
      toBangerError(error),
      typeof operation === 'string' ? operation : undefined,
    );
    const body = await response.text();
    connection.end(
      `HTTP/1.1 ${String(response.status)} Refused\r\ncontent-type: application/json\r\n` +
        `content-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
}
