import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { OPERATION_HEADER } from '@banger/protocol/streams';
import { Hono } from 'hono';

import { createSilentLog } from '../../packages/banger/src/daemon/daemon-log.ts';
import { registerShips } from '../../packages/banger/src/daemon/ships.ts';
import { connectFakeGuest, type FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { createFakeClock } from '../../packages/banger/src/host/fake-clock.ts';
import type { VmChange } from '../../packages/banger/src/machine/record.ts';
import type { FakeVms } from './fake-vms.ts';

const { signal: never } = new AbortController();

/** Ships of a fake daemon: the real routes, to a fake guest. */
export async function answerShip(
  { vms, guest }: { readonly vms: FakeVms; readonly guest: FakeGuest },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const find = (name: string) => {
    const vm = vms.running(name, 'Cannot ship to');
    return {
      guest: () => Promise.resolve(connectFakeGuest(guest)),
      save: ({ workspace }: Pick<VmChange, 'workspace'>) => {
        vms.setWorkspace(vm.id, workspace ?? null);
      },
    };
  };
  const app = new Hono();
  const deps = { machines: { find }, clock: createFakeClock() };
  registerShips(app, { ...deps, log: createSilentLog(), stopping: never });
  const url = new URL(request.url ?? '/', 'http://banger');
  const answer = await app.fetch(
    new Request(url, {
      method: 'PUT',
      body: Readable.toWeb(request) as ReadableStream<Uint8Array>,
      headers: { [OPERATION_HEADER]: String(request.headers[OPERATION_HEADER]) },
      duplex: 'half',
    }),
  );
  response.writeHead(answer.status);
  response.end(Buffer.from(await answer.arrayBuffer()));
}
