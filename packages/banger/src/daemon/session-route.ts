import { BangerError } from '@banger/protocol/errors';
import { AttachQuery } from '@banger/protocol/session';
import { SESSION_SUBPROTOCOL } from '@banger/protocol/session-frames';
import { streams } from '@banger/protocol/streams';
import { z } from 'zod';

import type { GuestAttach } from '../guest/guest-sessions.ts';
import { inVm } from './session-hints.ts';
import { runSessionStream } from './session-stream.ts';
import type { GuestOf } from './guest-of.ts';
import type { SocketRoute } from './socket-routes.ts';

/** Attaching to sessions. The guest's answer comes before the upgrade's. */
export function sessionRoute(machines: GuestOf, stopping: AbortSignal): SocketRoute {
  return {
    path: streams.sessionAttach,
    protocol: SESSION_SUBPROTOCOL,
    async open({ params, query }, signal) {
      const request = requestOf(params['session'] ?? '', query);
      const vm = machines.find(params['vm'] ?? '');
      const until = AbortSignal.any([signal, stopping]);
      const attachment = await inVm(vm, async () => {
        const { sessions } = await vm.guest(until);
        return sessions.attach(request, until);
      });
      return {
        take: (socket) => runSessionStream(socket, attachment, stopping),
        drop: () => attachment.close(),
      };
    },
  };
}

function requestOf(session: string, query: URLSearchParams): GuestAttach {
  const parsed = AttachQuery.safeParse(Object.fromEntries(query));
  if (!parsed.success)
    throw new BangerError(
      'usage.invalid',
      `Cannot attach to session "${session}": ${z.prettifyError(parsed.error)}`,
    );
  const { stdout, stderr, tail, only, follow, writer, take } = parsed.data;
  return {
    session,
    only,
    follow,
    from: tail === undefined ? positionOf(stdout, stderr) : { tailLines: tail },
    writer: writer === undefined ? undefined : { token: writer, take },
  };
}

function positionOf(stdout: number | undefined, stderr: number | undefined) {
  if (stdout === undefined && stderr === undefined) return undefined;
  return { stdout: stdout ?? 0, stderr: stderr ?? 0 };
}
