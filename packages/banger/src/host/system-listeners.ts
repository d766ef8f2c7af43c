import { createServer, type Server, type Socket } from 'node:net';

import { type HostPort, explainListenError } from '@banger/protocol/host-port';

import type { HostConnection, Listeners } from './listeners.ts';

/** listen(2): connections that wait to be accepted; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 1024;

export function createSystemListeners(): Listeners {
  return {
    async listen(at, onConnection) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        onConnection(connectionOf(socket)),
      );
      const port = await listening(server, at);
      server.on('error', () => undefined); // A connection that could not be accepted is its peer's loss.
      return {
        at: { ...at, port },
        [Symbol.asyncDispose]() {
          server.close();
          return Promise.resolve();
        },
      };
    },
  };
}

function listening(server: Server, at: HostPort): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const explained = explainListenError(error, at);
      reject(explained instanceof Error ? explained : error);
    };
    server.once('error', fail);
    server.listen({ host: at.address, port: at.port, backlog: BACKLOG }, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' ? (address?.port ?? at.port) : at.port);
    });
  });
}

function connectionOf(socket: Socket): HostConnection {
  socket.on('error', () => undefined); // Whoever reads is told by its close.
  return { stream: socket, reset: () => void socket.resetAndDestroy() };
}
