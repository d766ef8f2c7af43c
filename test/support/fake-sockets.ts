import { EXEC_SUBPROTOCOL } from '@banger/protocol/exec';
import { streams } from '@banger/protocol/streams';
import type { Vm } from '@banger/protocol/vm';

import { createActivity } from '../../packages/banger/src/daemon/activity.ts';
import { createSilentLog } from '../../packages/banger/src/daemon/daemon-log.ts';
import { sessionRoute } from '../../packages/banger/src/daemon/session-route.ts';
import { dialRoute } from '../../packages/banger/src/daemon/dial-route.ts';
import {
  createSocketRoutes,
  type SocketRoute,
  type SocketRoutes,
} from '../../packages/banger/src/daemon/socket-routes.ts';
import type { GuestOf } from '../../packages/banger/src/daemon/guest-of.ts';
import { connectFakeGuest, type FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { aSpec } from '../../packages/banger/src/machine/fixtures.ts';
import type { FakeExecs } from './fake-execs.ts';

const { signal: never } = new AbortController();

/** The WebSockets of a fake daemon: commands that are played, and the real routes to a fake guest. */
export function fakeSockets(execs: FakeExecs, guest: FakeGuest): SocketRoutes {
  guest.phase = 'booted';
  const machines = fakeMachines(() => ({ name: 'web', spec: aSpec(), workspace: null }), guest);
  const fakeExecs: SocketRoute = {
    path: streams.execAttach,
    protocol: EXEC_SUBPROTOCOL,
    open: ({ params }) =>
      Promise.resolve({
        take: (socket) => {
          execs.attach(params['exec'] ?? '', socket);
          return Promise.resolve();
        },
        drop: () => undefined,
      }),
  };
  return createSocketRoutes({
    routes: [fakeExecs, dialRoute(machines, never), sessionRoute(machines, never)],
    activity: createActivity(),
    log: createSilentLog(),
  });
}

/** Every VM has the same guest inside. */
export function fakeMachines(
  find: (reference: string) => {
    readonly name: string;
    readonly spec: Vm['spec'];
    readonly workspace: Vm['workspace'];
  },
  guest: FakeGuest,
): GuestOf {
  return {
    find: (reference) => ({
      record: { ...find(reference), plan: null },
      guest: () => Promise.resolve(connectFakeGuest(guest)),
    }),
  };
}
