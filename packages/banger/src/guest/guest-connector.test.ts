import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { guestContract } from '../../../../test/contract/guest.ts';
import { serveStandIn } from '../../../../test/support/stand-in-agent.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createFakeGuest } from './fake-guest.ts';
import { createGuestConnector } from './guest-connector.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-guest-'));
const connector = createGuestConnector({ clock: createSystemClock() });
const server = createServer((stream) => void serveStandIn(stream, createFakeGuest()));
server.listen(join(dir, 'agent.sock'));
await once(server, 'listening');
after(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

guestContract({
  name: 'the guest client',
  connect: () => connector.connect(connect(join(dir, 'agent.sock')), never),
});
