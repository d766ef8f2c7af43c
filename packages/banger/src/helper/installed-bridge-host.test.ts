import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';

import { bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { createSystemClock } from '../host/system-clock.ts';
import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import { createFakeBridgeHost } from '../network/bridge/fake-bridge-host.ts';
import { tapName } from '../network/bridge/tap-name.ts';
import { createFakeResolverHost } from '../network/dns/fake-resolver-host.ts';
import { bridgeRequests } from './bridge-requests.ts';
import { someSettings } from './fixtures.ts';
import { createHelperConnectionOver } from './helper-connection.ts';
import { createInstalledBridgeHost } from './installed-bridge-host.ts';
import { serveRequests } from './serve-requests.ts';

const { signal } = new AbortController();
const STATE_DIR = someSettings().owner.stateDir;

test('a device of taps that only root may open is a problem where a helper makes them', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-helper-'));
  const socket = join(dir.path, 'helper.sock');
  await using connection = createHelperConnectionOver(() => Promise.resolve(aHelper()));
  let isOpen = false;
  const host = createInstalledBridgeHost({
    ...{ connection, socket, settings: bridgeSettings },
    mayOpenTaps: () => Promise.resolve(isOpen),
  });

  const withoutHelper = await host.problems(signal);
  await writeFile(socket, '');
  const closed = await host.problems(signal);
  isOpen = true;
  const open = await host.problems(signal);

  assert.deepEqual(
    [withoutHelper, closed, open].map((problems) => problems.map(({ hint }) => hint)),
    [['sudo banger system install'], ['sudo chmod 666 /dev/net/tun'], []],
  );
});

test('what is asked for without waiting is done in that order, from the first request on', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-helper-'));
  const socket = join(dir.path, 'helper.sock');
  await writeFile(socket, '');
  const bridge = createFakeBridgeHost({ ...bridgeSettings, owner: STATE_DIR });
  const asked: string[] = [];
  const noting: BridgeHost = {
    ...bridge,
    ensureTap: (tap) => Promise.resolve(void asked.push(tap)),
  };
  await using connection = createHelperConnectionOver(() => Promise.resolve(aHelper(noting)));
  const host = createInstalledBridgeHost({
    ...{ connection, socket, settings: bridgeSettings },
    mayOpenTaps: () => Promise.resolve(true),
  });
  const taps = Array.from({ length: 50 }, (_, index) => tapName(STATE_DIR, index + 2));

  await Promise.all(taps.map((tap) => host.ensureTap(tap, signal)));

  assert.deepEqual(asked, taps);
});

function aHelper(bridge: BridgeHost = createFakeBridgeHost(bridgeSettings)) {
  const [near, far] = duplexPair();
  void serveRequests(far, {
    requests: bridgeRequests(someSettings(), {
      version: '0.1.0',
      bridge,
      resolver: createFakeResolverHost('ana'),
    }),
    clock: createSystemClock(),
    log: () => undefined,
  });
  return near;
}
