import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';

import { bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { resolverHostContract } from '../../../../test/contract/resolver-host.ts';
import { mayMakeNamespaces } from '../../../../test/support/network-namespace.ts';
import { fakeResolverScene, realResolverScene } from '../../../../test/support/resolver-scene.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createFakeBridgeHost } from '../network/bridge/fake-bridge-host.ts';
import { createFakeResolverHost } from '../network/dns/fake-resolver-host.ts';
import type { ResolverHost } from '../network/dns/resolver-host.ts';
import { bridgeRequests } from './bridge-requests.ts';
import { someSettings } from './fixtures.ts';
import { createHelperConnection, createHelperConnectionOver } from './helper-connection.ts';
import { createHelperResolverHost } from './helper-resolver-host.ts';
import { serveRequests } from './serve-requests.ts';

const { signal } = new AbortController();
const at = { address: '127.0.0.1', port: 42_069 };

resolverHostContract({
  name: 'helper, before a fake',
  start: () => Promise.resolve(fakeResolverScene(throughHelper)),
});

if (mayMakeNamespaces) {
  resolverHostContract({
    name: 'helper, before systemd-resolved',
    start: () => realResolverScene(throughHelper),
  });
}

test('a server elsewhere is refused by the helper, and nothing is told to the resolver', async () => {
  const fake = createFakeResolverHost('ana');

  const routed = throughHelper(fake).route({ address: '192.0.2.1', port: 53 }, signal);

  await assert.rejects(routed, { code: 'helper.refused', message: /"192\.0\.2\.1" is neither/ });
  assert.equal(fake.resolver.link, undefined);
});

test('a helper that dies is an error by name, and the next call is another helper’s', async () => {
  const fake = createFakeResolverHost('ana');
  let kill: (() => void) | undefined;
  const dying = { ...fake, route: () => new Promise<never>(() => kill?.()) };
  let born = 0;
  const connection = createHelperConnectionOver(() => {
    born += 1;
    const { near, close } = serve(born === 1 ? dying : fake);
    kill = close;
    return Promise.resolve(near);
  });
  const host = createHelperResolverHost(connection, fake);

  await assert.rejects(host.route(at, signal), { code: 'helper.unavailable' });
  await host.route(at, signal);

  assert.equal(await host.isRouted(at, signal), true);
  await connection[Symbol.asyncDispose]();
});

test('without a helper it says so', async () => {
  const connection = createHelperConnection('/nonexistent/helper.sock');
  const host = createHelperResolverHost(connection, createFakeResolverHost('ana'));

  assert.equal(await host.isRouted(at, signal), false);
  await assert.rejects(host.route(at, signal), { code: 'helper.unavailable' });
});

function throughHelper(host: ResolverHost): ResolverHost {
  const connection = createHelperConnectionOver(() => Promise.resolve(serve(host).near));
  return createHelperResolverHost(connection, host);
}

function serve(resolver: ResolverHost) {
  const [near, far] = duplexPair();
  void serveRequests(far, {
    requests: bridgeRequests(someSettings(), {
      ...{ version: '0.1.0', bridge: createFakeBridgeHost(bridgeSettings), resolver },
    }),
    clock: createSystemClock(),
    log: () => undefined,
  });
  const close = () => {
    far.destroy();
    near.destroy();
  };
  return { near, close };
}
