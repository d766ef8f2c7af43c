import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

import { explainFileError } from '../../host/file-errors.ts';

/** A socket that takes one stream and writes it to a file. Disposing closes both, whether or not it has come. */
export interface StateInbox extends AsyncDisposable {
  /** Resolves when the sender has closed and the file is complete */
  readonly received: Promise<void>;
}

export async function openStateInbox(socketPath: string, file: string): Promise<StateInbox> {
  await rm(socketPath, { force: true });
  const closing = new AbortController();
  const sender = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // The pipeline tells.
    sender.resolve(socket);
    server.close();
  });
  server.listen(socketPath);
  await once(server, 'listening');
  await chmod(socketPath, 0o600);
  closing.signal.addEventListener('abort', () => sender.reject(new Error('nothing was sent')));
  const received = receive();
  received.catch(() => undefined); // Nobody may be waiting for it when it is closed.
  return {
    received,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await received.catch(() => undefined);
      server.close();
      await rm(socketPath, { force: true });
    },
  };

  async function receive(): Promise<void> {
    const socket = await sender.promise;
    try {
      const to = createWriteStream(file, { mode: 0o600 });
      await pipeline(socket, to, { signal: closing.signal });
    } catch (error) {
      throw explainFileError(error, `Cannot write "${file}"`);
    }
  }
}
