import type { IncomingMessage, ServerResponse } from 'node:http';

import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';

import { toBangerError } from '../../packages/protocol/src/errors.ts';
import { createActivity } from '../../packages/banger/src/daemon/activity.ts';
import { createSilentLog } from '../../packages/banger/src/daemon/daemon-log.ts';
import { errorResponse } from '../../packages/banger/src/daemon/error-response.ts';
import { registerFiles } from '../../packages/banger/src/daemon/files-routes.ts';
import { connectFakeGuest, type FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';

/** The real routes for files, to a fake guest. */
export function fakeFilesApp(guest: FakeGuest) {
  const app = new Hono();
  const vm = {
    record: { name: 'web', workspace: null },
    guest: () => Promise.resolve(connectFakeGuest(guest)),
    hasEnded: () => Promise.resolve(false),
  };
  const { signal: stopping } = new AbortController();
  const activity = createActivity();
  registerFiles(app, { machines: { find: () => vm }, activity, log: createSilentLog(), stopping });
  app.onError((error) => errorResponse(toBangerError(error)));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request: IncomingMessage, response: ServerResponse) => void listener(request, response);
}
