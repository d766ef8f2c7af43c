import {
  Agent,
  request as startRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Readable } from 'node:stream';

import { checkSocketPath, explainUnreachable } from './unreachable.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/** HTTP over a unix socket with kept-alive connections. Opens nothing until the first request. */
export function unixTransport(socketPath: string): Transport {
  const agent = new Agent({ keepAlive: true });

  async function exchange(request: TransportRequest, signal: AbortSignal) {
    try {
      return await send(request, signal);
    } catch (cause) {
      // The daemon closed a kept connection just as we used it: it has not read the request.
      if (!request.repeatable || !(cause instanceof StaleConnectionError)) throw cause;
      return await send(request, signal);
    }
  }

  function send(request: TransportRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, headers, body } = request;
    return new Promise((resolve, reject) => {
      const outgoing = startRequest({ agent, socketPath, method, path, headers, signal });
      outgoing.once('response', resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET';
        reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error);
      });
      if (body === undefined || typeof body === 'string') outgoing.end(body);
      else sendStream(outgoing, body, reject);
    });
  }

  return {
    address: `unix:${socketPath}`,
    async request(request, signal) {
      signal.throwIfAborted();
      checkSocketPath(socketPath);
      try {
        return toResponse(await exchange(request, signal));
      } catch (cause) {
        signal.throwIfAborted();
        throw explainUnreachable(socketPath, cause);
      }
    },
    async openSocket(request, signal) {
      checkSocketPath(socketPath);
      const { openWebSocket } = await import('./web-socket.ts');
      return openWebSocket(socketPath, request, signal);
    },
    // Its code takes as long to load as the daemon takes to answer. A failure is told to whoever opens a socket.
    expectSocket: () => void import('./web-socket.ts').catch(() => undefined),
    close: () => agent.destroy(),
  };
}

/** An answer that comes before all is sent is the daemon's refusal: the rest has nowhere to go. */
function sendStream(
  outgoing: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  reject: (error: unknown) => void,
): void {
  const source = Readable.from(body, { objectMode: false });
  outgoing.once('response', () => source.destroy());
  outgoing.once('close', () => source.destroy());
  source.once('error', (error) => {
    reject(error);
    outgoing.destroy();
  });
  source.pipe(outgoing);
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

function toResponse(incoming: IncomingMessage): TransportResponse {
  return {
    status: incoming.statusCode ?? 0,
    header(name) {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: incoming,
    close: () => void incoming.destroy(),
    unref: () => void incoming.socket.unref(),
  };
}
