import type { IncomingMessage } from 'node:http';

import { BangerError } from '@banger/protocol/errors';
import { matchPath, OPERATION_HEADER } from '@banger/protocol/streams';
import type { WebSocket } from 'ws';

import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';

/** One kind of WebSocket that the daemon takes. */
export interface SocketRoute {
  /** `/v1/vms/:vm/dial` */
  readonly path: string;
  /** The sub-protocol that must be offered */
  readonly protocol: string;
  /** Before the upgrade is answered: a rejection refuses it, as the HTTP error that it is. */
  open(request: SocketOpening, signal: AbortSignal): Promise<OpenedSocket>;
}

export interface SocketOpening {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly operation: string | undefined;
}

export interface OpenedSocket {
  /** Owns the socket; resolves when it is over. */
  take(socket: WebSocket): Promise<void>;
  /** The client went away before it was accepted. */
  drop(): void;
}

/** An accepted socket's way to who takes it. */
export interface AcceptedSocket {
  take(socket: WebSocket): void;
  drop(): void;
}

export interface SocketRoutes {
  readonly protocols: readonly string[];
  /** Rejects what no route takes. */
  open(request: IncomingMessage, signal: AbortSignal): Promise<AcceptedSocket>;
}

export interface SocketHost {
  readonly routes: readonly SocketRoute[];
  readonly activity: Activity;
  readonly log: DaemonLog;
}

/** Takes each WebSocket to its route. One that is open counts as activity. */
export function createSocketRoutes({ routes, activity, log }: SocketHost): SocketRoutes {
  return {
    protocols: [...new Set(routes.map(({ protocol }) => protocol))],
    async open(request, signal) {
      const { route, opening } = find(request);
      const opened = await route.open(opening, signal);
      return {
        drop: () => opened.drop(),
        take: (socket) => void serve(socket, opened, route),
      };
    },
  };

  function find(request: IncomingMessage) {
    refuseBrowsers(request);
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://banger');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    const header = request.headers[OPERATION_HEADER];
    const operation = typeof header === 'string' ? header : undefined;
    for (const route of routes) {
      const params = matchPath(route.path, pathname);
      if (params === undefined) continue;
      if (offered.includes(route.protocol)) return { route, opening: { params, query, operation } };
      throw new BangerError(
        'usage.invalid',
        `Cannot open ${pathname}: its WebSocket speaks "${route.protocol}"`,
      );
    }
    throw new BangerError('usage.invalid', `Cannot open ${pathname}: there is no such WebSocket`);
  }

  async function serve(socket: WebSocket, opened: OpenedSocket, { path }: SocketRoute) {
    using _ = activity.begin();
    socket.on('error', () => socket.terminate());
    try {
      await opened.take(socket);
    } catch (error) {
      log.error({ err: error, path }, 'a stream failed');
      socket.terminate();
    }
  }
}

/** As in `http.ts`. */
function refuseBrowsers({ headers }: IncomingMessage): void {
  if (headers.origin === undefined) return;
  throw new BangerError(
    'usage.invalid',
    'Cannot answer a request with an Origin: this API is not for web pages',
  );
}
