import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { WebSocketServer } from 'ws';

import { BangerError } from '@banger/protocol/errors';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';

import { removeSocket, restrictSocket } from '../host/socket-file.ts';
import type { SocketRoutes } from './socket-routes.ts';
import { createAcceptor, upgradeSocket } from './upgrade-socket.ts';

export interface ListenOptions {
  readonly socket: string;
  readonly app: Hono;
  /** Who takes which WebSocket */
  readonly sockets: SocketRoutes;
}

/** Serves the API on the unix socket, which only this user can open. Disposing closes it and every connection. */
export async function listen({ socket, app, sockets }: ListenOptions): Promise<AsyncDisposable> {
  checkLength(socket);
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  const acceptor = createAcceptor(sockets);
  server.on('upgrade', (request, connection, head) => {
    void upgradeSocket({ request, connection, head }, acceptor, sockets);
  });
  await removeSocket(socket); // The lock is ours, so what is there is a dead daemon's.
  server.listen(socket);
  await once(server, 'listening');
  await restrictSocket(socket);
  return { [Symbol.asyncDispose]: () => close(server, acceptor, socket) };
}

async function close(server: Server, acceptor: WebSocketServer, socket: string): Promise<void> {
  for (const client of acceptor.clients) client.terminate();
  acceptor.close();
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
