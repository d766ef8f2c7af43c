import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';

import { bridgeHostContract } from '../../../../test/contract/bridge-host.ts';
import { aPort, bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { realBridgeScene } from '../../../../test/support/bridge-scene.ts';
import { mayMakeNamespaces } from '../../../../test/support/network-namespace.ts';
import { createSystemClock } from '../host/system-clock.ts';
import {
  createFakeBridgeHost,
  createFakeBridgeLinks,
  describe,
  type FakeBridgeLinks,
} from '../network/bridge/fake-bridge-host.ts';
import { createNftFirewall } from '../network/bridge/nft-firewall.ts';
import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import { createFakeResolverHost } from '../network/dns/fake-resolver-host.ts';
import { bridgeRequests } from './bridge-requests.ts';
import { someSettings } from './fixtures.ts';
import { createHelperBridgeHost } from './helper-bridge-host.ts';
import { createHelperConnection, createHelperConnectionOver } from './helper-connection.ts';
import { serveRequests } from './serve-requests.ts';

const { signal } = new AbortController();

bridgeHostContract({
  name: 'helper, before a fake',
  start() {
    const host = createFakeBridgeLinks();
    return Promise.resolve({
      caller: () => clientOf(createFakeBridgeHost(bridgeSettings, host)).bridge,
      state: () => Promise.resolve(describe(host)),
      forwards: () => Promise.resolve(host.forwarding),
      others: othersOf(host),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

if (mayMakeNamespaces) {
  bridgeHostContract({
    name: 'helper, before nftables',
    async start() {
      const scene = await realBridgeScene(createNftFirewall);
      return {
        caller: () => clientOf(scene.caller()).bridge,
        state: () => scene.state(),
        forwards: () => scene.forwards(),
        others: scene.others,
        [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
      };
    },
  });
}

test('a helper that is set up for another bridge is told of, and asked for nothing', async () => {
  const links = createFakeBridgeLinks();
  const fake = createFakeBridgeHost(bridgeSettings, links);
  const { bridge } = clientOf(fake, { ...bridgeSettings, name: 'br-other' });

  const [problem] = await bridge.problems(signal);

  assert.match(
    problem?.what ?? '',
    /it is set up for the bridge br-test .* configured is br-other/,
  );
  await assert.rejects(bridge.ensurePort(aPort(17), signal), { code: 'host.network_unavailable' });
  assert.equal(links.links.size, 0);
});

test('without a helper the problem says so, and every request is refused by name', async () => {
  const connection = createHelperConnection('/nonexistent/helper.sock');
  const bridge = createHelperBridgeHost(connection, bridgeSettings);

  const problems = await bridge.problems(signal);

  assert.match(problems[0]?.what ?? '', /^Cannot ask the helper, .*: it is not installed$/);
  assert.equal(problems[0]?.hint, 'sudo banger system install');
  await assert.rejects(bridge.listTaps(signal), { code: 'helper.unavailable' });
});

for (const method of ['ensureTap', 'ensurePort', 'removeTap', 'listTaps', 'repair'] as const) {
  test(`a helper that dies in ${method} is an error by name, and the next call is another helper's`, async () => {
    const links = createFakeBridgeLinks();
    const fake = createFakeBridgeHost(bridgeSettings, links);
    let kill: (() => void) | undefined;
    const dying = { ...fake, [method]: () => new Promise<never>(() => kill?.()) };
    let born = 0;
    const connection = createHelperConnectionOver(() => {
      born += 1;
      const { near, close } = serve(born === 1 ? dying : fake);
      kill = close;
      return Promise.resolve(near);
    });
    const bridge = createHelperBridgeHost(connection, bridgeSettings);
    const calls = {
      ensureTap: () => bridge.ensureTap(aPort(17).tap, signal),
      ensurePort: () => bridge.ensurePort(aPort(17), signal),
      removeTap: () => bridge.removeTap(aPort(17).tap, signal),
      listTaps: () => bridge.listTaps(signal),
      repair: () => bridge.repair([aPort(17)], signal),
    };

    await assert.rejects(calls[method](), { code: 'helper.unavailable', message: /went away/ });
    await calls[method]();

    assert.equal(born, 2);
    await connection[Symbol.asyncDispose]();
  });
}

test('a caller that gives up is answered at once, and what it asked for comes before what follows', async () => {
  const links = createFakeBridgeLinks();
  const fake = createFakeBridgeHost(bridgeSettings, links);
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  const slow: BridgeHost = {
    ...fake,
    async ensureTap(tap, until) {
      await released;
      await fake.ensureTap(tap, until);
    },
  };
  const { bridge } = clientOf(slow);
  await bridge.listTaps(signal);
  const caller = new AbortController();

  const ensured = bridge.ensureTap(aPort(17).tap, caller.signal);
  await new Promise((resolve) => setImmediate(resolve));
  caller.abort();
  await assert.rejects(ensured, { name: 'AbortError' });
  const removed = bridge.removeTap(aPort(17).tap, signal);
  release(undefined);
  await removed;

  assert.equal(links.links.size, 0);
});

function clientOf(host: BridgeHost, settings = bridgeSettings) {
  const connection = createHelperConnectionOver(() => Promise.resolve(serve(host).near));
  return { bridge: createHelperBridgeHost(connection, settings), connection };
}

function serve(bridge: BridgeHost) {
  const [near, far] = duplexPair();
  void serveRequests(far, {
    requests: bridgeRequests(someSettings(), {
      ...{ version: '0.1.0', bridge, resolver: createFakeResolverHost('ana') },
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

function othersOf(host: FakeBridgeLinks) {
  const act = (change: () => unknown): Promise<void> => {
    change();
    return Promise.resolve();
  };
  return {
    deleteBridge: () => act(() => host.links.delete(bridgeSettings.name)),
    flushRules: () => act(() => host.ruled.clear()),
    addLink: (name: string) => act(() => host.links.set(name, { owner: 'somebody' })),
    addRoute: (subnet: string) => act(() => host.routes.add(subnet)),
  };
}
