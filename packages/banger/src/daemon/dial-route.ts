import { BangerError } from '@banger/protocol/errors';
import { STREAM_SUBPROTOCOL, streams } from '@banger/protocol/streams';

import type { DialTarget } from '../guest/guest-network.ts';
import type { GuestOf } from './guest-of.ts';
import { joinSocket } from './join-socket.ts';
import type { SocketRoute } from './socket-routes.ts';

/** Connections to what listens in a guest. The guest's answer comes before the upgrade's. */
export function dialRoute(machines: GuestOf, stopping: AbortSignal): SocketRoute {
  return {
    path: streams.dial,
    protocol: STREAM_SUBPROTOCOL,
    async open({ params, query }, signal) {
      const target = targetOf(query);
      const vm = machines.find(params['vm'] ?? '');
      const until = AbortSignal.any([signal, stopping]);
      const guest = await vm.guest(until);
      const connection = await guest.network.dial(target, until);
      return {
        take: (socket) => joinSocket(socket, connection, stopping),
        drop: () => void connection.destroy(),
      };
    },
  };
}

function targetOf(query: URLSearchParams): DialTarget {
  const port = query.get('port');
  const path = query.get('unix');
  if (port !== null && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535)
    return { kind: 'tcp', port: Number(port) };
  if (port === null && path?.startsWith('/') === true) return { kind: 'unix', path };
  throw new BangerError(
    'usage.invalid',
    'Cannot connect: the query names neither a port from 1 to 65535 nor the absolute path of a socket',
    { hint: '?port=8080' },
  );
}
