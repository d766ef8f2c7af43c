import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';

import fc from 'fast-check';

import { bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createSystemClock } from '../host/system-clock.ts';
import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import { createFakeBridgeHost } from '../network/bridge/fake-bridge-host.ts';
import { tapName } from '../network/bridge/tap-name.ts';
import { createFakeResolverHost } from '../network/dns/fake-resolver-host.ts';
import { boundedLines } from './bounded-lines.ts';
import { bridgeRequests } from './bridge-requests.ts';
import { someSettings } from './fixtures.ts';
import { HelperAnswer, MAX_REQUEST_BYTES } from './helper-protocol.ts';
import { serveRequests, type RequestLog } from './serve-requests.ts';

const list = (id: number) => `${JSON.stringify({ id, method: 'bridge.listTaps' })}\n`;
const tap = tapName('/home/ana/.local/state/banger', 17);

test('a request in pieces is one request, and two in one piece are two', async () => {
  const { near, answers } = serve();

  for (const byte of list(1)) near.write(byte);
  near.end(`${list(2)}${list(3)}`);

  const ids = (await answers).map(({ id }) => id);
  assert.deepEqual(ids, [1, 2, 3]);
});

test('half a line at the end of a connection is nothing', async () => {
  const { near, answers, logged } = serve();

  near.end(`${list(1)}${list(2).slice(0, -1)}`);

  assert.equal((await answers).length, 1);
  assert.equal(logged.length, 1);
});

test('a line that never ends is not kept: the connection does', async () => {
  const { near, answers, done } = serve();

  const piece = Buffer.alloc(16 * 1024, 'a');
  for (let sent = 0; sent <= MAX_REQUEST_BYTES; sent += piece.length) near.write(piece);
  await done;

  const [answer] = await answers;
  assert.equal(answer?.id, null);
  assert.match(JSON.stringify(answer), /more than 65536 bytes/);
});

test('a request of a later version is refused under its own number', async () => {
  const { near, answers } = serve();

  near.end(`${JSON.stringify({ id: 7, method: 'bridge.dance' })}\n`);

  const [answer] = await answers;
  assert.equal(answer?.id, 7);
  assert.match(JSON.stringify(answer), /helper\.refused.*banger system install/);
});

test('each request is told of once, with what came of it', async () => {
  const { near, answers, logged } = serve();

  near.write(list(1));
  near.write(`${JSON.stringify({ id: 2, method: 'bridge.removeTap', tap: 'eth0' })}\n`);
  near.end('}\n');
  await answers;

  const told = logged.map(({ method, outcome }) => [method, outcome]);
  assert.deepEqual(told, [
    ['bridge.listTaps', 'ok'],
    ['bridge.removeTap', 'helper.refused'],
    ['none', 'helper.refused'],
  ]);
});

test('10,000 requests that are none are each refused, and nothing happens on the host', async () => {
  const bridge = createFakeBridgeHost(bridgeSettings);
  const nonsense = fc.sample(
    fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => text.slice(0, -1)),
      almost(),
    ),
    10_000,
  );
  let refused = 0;
  for (let at = 0; at < nonsense.length; at += 32) {
    const { near, answers } = serve(bridge);
    near.end(
      nonsense
        .slice(at, at + 32)
        .map((text) => `${text.replaceAll('\n', ' ')}\n`)
        .join(''),
    );
    const outcomes = await answers;
    assert.ok(outcomes.every((answer) => 'error' in answer));
    refused += outcomes.length;
  }

  assert.equal(refused, 10_000);
  assert.equal(bridge.host.links.size, 0);
});

test('whoever sends nonsense only is hung up on', async () => {
  const { near, answers, done } = serve();

  near.write('nonsense\n'.repeat(100));
  await done;

  assert.equal((await answers).length, 32);
});

test('a flood waits where it comes from, while what was taken is done at its pace', async () => {
  const clock = createFakeClock();
  const { near, logged } = serve(createFakeBridgeHost(bridgeSettings), clock);

  near.on('data', () => undefined);
  for (let id = 0; id < 2000; id += 1) near.write(list(id));
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  const atOnce = logged.length;
  await clock.advance(1000);
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));

  assert.equal(atOnce, 512);
  assert.ok(logged.length <= 512 + 130, String(logged.length));
  near.destroy();
});

test('answers that nobody reads keep further requests from being taken', async () => {
  const { near, logged } = serve();

  const asked = 400;
  for (let id = 0; id < asked; id += 1)
    near.write(`${JSON.stringify({ id, method: 'x'.repeat(1000) })}\n`);
  for (let turn = 0; turn < 2000; turn += 1) await new Promise((resolve) => setImmediate(resolve));

  assert.ok(logged.length < asked, String(logged.length));
  near.destroy();
});

test('what is under way is aborted when the connection is closed', async () => {
  const aborted = Promise.withResolvers<undefined>();
  const waiting: BridgeHost = {
    ...createFakeBridgeHost(bridgeSettings),
    ensureTap: (_, signal) =>
      once(signal, 'abort').then(() => {
        aborted.resolve(undefined);
        throw new Error('aborted');
      }),
  };
  const { near, far, done } = serve(waiting);

  near.write(`${JSON.stringify({ id: 1, method: 'bridge.ensureTap', tap })}\n`);
  await new Promise((resolve) => setImmediate(resolve));
  far.destroy();

  await aborted.promise;
  await done;
});

/** What looks like a request and is none. */
function almost() {
  return fc
    .record({
      id: fc.oneof(fc.integer({ max: -1 }), fc.string(), fc.constant(null)),
      method: fc.constantFrom('hello', 'bridge.listTaps', 'bridge.removeTap', '__proto__'),
      tap: fc.oneof(fc.string(), fc.constant(tap)),
    })
    .map((like) => JSON.stringify(like));
}

function serve(
  bridge: BridgeHost = createFakeBridgeHost(bridgeSettings),
  clock = createSystemClock(),
) {
  const [near, far]: [Duplex, Duplex] = duplexPair();
  const logged: Parameters<RequestLog>[0][] = [];
  const done = serveRequests(far, {
    requests: bridgeRequests(someSettings(), {
      ...{ version: '0.1.0', bridge, resolver: createFakeResolverHost('ana') },
    }),
    clock,
    log: (entry) => logged.push(entry),
  });
  return {
    ...{ near, far, logged, done },
    get answers() {
      return read(near);
    },
  };
}

async function read(near: Duplex): Promise<readonly HelperAnswer[]> {
  const lines = await Array.fromAsync(boundedLines(near, 1024 * 1024));
  return lines.map((line) => HelperAnswer.parse(JSON.parse(line)));
}
