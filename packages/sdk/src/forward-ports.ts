import { createServer, type Server, type Socket } from 'node:net';

import { BangerError } from '@banger/protocol/errors';
import { explainListenError } from '@banger/protocol/host-port';
import type { PublishedPort } from '@banger/protocol/port';

import { signalOf, type CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import { dialGuest } from './dial-guest.ts';
import { joinConnection } from './join-connection.ts';

/** A port of this host that leads to a TCP port of a guest's loopback. */
export interface ForwardedPort {
  /** Default: 127.0.0.1 */
  readonly address?: string | undefined;
  /** 0 takes any that is free; default: the guest's */
  readonly hostPort?: number | undefined;
  readonly guestPort: number;
}

export interface ForwardOptions extends CallOptions {
  /** Told of each connection that could not be made; its client is reset */
  readonly onFailure?: ((error: Error, port: PublishedPort) => void) | undefined;
}

/** Disposing closes the ports and resets their connections. */
export interface Forwarding extends AsyncDisposable {
  /** With the ports that were chosen */
  readonly ports: readonly PublishedPort[];
}

/**
 * Listens in this process until disposed or `signal` aborts. Each connection goes its own way into the guest, so the
 * guest and the daemon may come and go meanwhile. Rejects with `host.port_taken` and the like, and then has closed all.
 */
export async function forwardPorts(
  caller: Caller,
  { vm, ports }: { readonly vm: string; readonly ports: readonly ForwardedPort[] },
  options: ForwardOptions,
): Promise<Forwarding> {
  const signal = signalOf(options);
  await using cleanup = new AsyncDisposableStack();
  const open = new Set<Socket>();
  const opened: PublishedPort[] = [];
  cleanup.defer(() => {
    for (const socket of open) socket.resetAndDestroy();
  });
  for (const { address = '127.0.0.1', guestPort, hostPort = guestPort } of ports) {
    signal.throwIfAborted();
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    cleanup.defer(() => void server.close());
    const chosen = await listening(server, { address, port: hostPort });
    const port = { address, hostPort: chosen, guestPort };
    opened.push(port);
    server.on('connection', (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      void serve(socket, () => dialGuest(caller, { vm, place: guestPort }, options)).catch(
        (error: unknown) => options.onFailure?.(asError(error), port),
      );
    });
  }
  signal.throwIfAborted();
  const owned = cleanup.move();
  const close = () => owned.disposeAsync();
  signal.addEventListener('abort', () => void close(), { once: true });
  return { ports: opened, [Symbol.asyncDispose]: close };
}

async function serve(socket: Socket, dial: () => ReturnType<typeof dialGuest>): Promise<void> {
  socket.on('error', () => undefined); // Its close says the same.
  const reset = () => void socket.resetAndDestroy();
  try {
    await joinConnection({ stream: socket, reset }, await dial());
  } catch (error) {
    reset();
    throw error;
  }
}

function listening(
  server: Server,
  at: { readonly address: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(asError(explainListenError(error, at))));
    server.listen({ host: at.address, port: at.port }, () => {
      server.removeAllListeners('error').on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' ? (address?.port ?? at.port) : at.port);
    });
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new BangerError('internal.bug', String(thrown));
}
