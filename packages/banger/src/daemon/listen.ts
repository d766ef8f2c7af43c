import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { WebSocketServer, type WebSocket } from 'ws';

import { BangerError } from '@banger/protocol/errors';
import { EXEC_SUBPROTOCOL } from '@banger/protocol/exec';
import { ExecId } from '@banger/protocol/ids';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';
import { streams } from '@banger/protocol/streams';

import { removeSocket, restrictSocket } from '../host/socket-file.ts';

export interface ListenOptions {
  readonly socket: string;
  readonly app: Hono;
  /** Takes over an accepted WebSocket for a described command */
  readonly onExec: (socket: WebSocket, exec: ExecId) => void;
}

/** One message of a client is at most this long; longer ones end the connection. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Serves the API on the unix socket, which only this user can open. Disposing closes it and every connection. */
export async function listen({ socket, app, onExec }: ListenOptions): Promise<AsyncDisposable> {
  checkLength(socket);
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(EXEC_SUBPROTOCOL) ? EXEC_SUBPROTOCOL : false),
  });
  server.on('upgrade', (request, connection, head) => {
    upgrade({ request, connection, head }, sockets, onExec);
  });
  await removeSocket(socket); // The lock is ours, so what is there is a dead daemon's.
  server.listen(socket);
  await once(server, 'listening');
  await restrictSocket(socket);
  return { [Symbol.asyncDispose]: () => close(server, sockets, socket) };
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly connection: Duplex;
  readonly head: Buffer;
}

const execPath = new RegExp(`^${streams.execAttach.replace(':exec', '([^/?]+)')}$`);

function upgrade(
  { request, connection, head }: Upgrade,
  sockets: WebSocketServer,
  onExec: ListenOptions['onExec'],
): void {
  const id = ExecId.safeParse(execPath.exec(request.url ?? '')?.[1]);
  const offered = request.headers['sec-websocket-protocol']?.includes(EXEC_SUBPROTOCOL) === true;
  if (!id.success || !offered || request.headers.origin !== undefined) {
    connection.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, connection, head, (socket) => onExec(socket, id.data));
}

async function close(server: Server, sockets: WebSocketServer, socket: string): Promise<void> {
  for (const client of sockets.clients) client.terminate();
  sockets.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  await removeSocket(socket);
}

function checkLength(socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new BangerError(
    'host.path_unusable',
    `Cannot listen on "${socket}": it has ${String(bytes)} bytes and a unix socket takes ${String(MAX_SOCKET_PATH_BYTES)}`,
    { hint: 'export XDG_RUNTIME_DIR=/run/user/$(id -u)' },
  );
}
