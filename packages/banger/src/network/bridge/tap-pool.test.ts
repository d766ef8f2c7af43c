import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPort, bridgeSettings } from '../../../../../test/contract/bridge-host-scene.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import type { BridgePort } from './bridge-port.ts';
import { createFakeBridgeHost } from './fake-bridge-host.ts';
import { TapPool } from './tap-pool.ts';

const { signal } = new AbortController();

/** A pool on a fake host, of a banger with room for some VMs. */
function aPool({ size = 2, room = 8 } = {}) {
  const host = createFakeBridgeHost(bridgeSettings);
  const clock = createFakeClock();
  const taken = new Set<string>();
  const troubles: unknown[] = [];
  const pool = new TapPool({
    ...{ host, clock, size },
    isTaken: (tap) => taken.has(tap),
    nextPorts: (count) =>
      Array.from({ length: room }, (_, index) => portAt(index))
        .filter(({ tap }) => !taken.has(tap))
        .slice(0, count),
    onTrouble: (error) => troubles.push(error),
  });
  const settle = () => clock.advance(0);
  const taps = () => host.listTaps(signal);
  return { pool, host: host.host, clock, taken, troubles, settle, taps };
}

/** What most guests are let do. */
function portAt(index: number): BridgePort {
  const port = aPort(16 + index);
  return { ...port, tap: `bgr0abc-${String(index)}`, nat: false, isolated: true };
}

suite('the pool of taps', () => {
  test('lets the guests of the next VMs do what most are let do', async () => {
    const { pool, host, settle } = aPool({ size: 1 });

    pool.refresh();
    await settle();

    assert.deepEqual([host.links.get('bgr0abc-0')?.port], [portAt(0)]);
  });

  test('makes those of the next VMs, and the next when one is taken', async () => {
    const { pool, taken, settle, taps } = aPool();

    pool.refresh();
    await settle();
    const first = await taps();
    taken.add('bgr0abc-0');
    pool.refresh();
    await settle();

    assert.deepEqual(first, ['bgr0abc-0', 'bgr0abc-1']);
    assert.deepEqual(await taps(), ['bgr0abc-0', 'bgr0abc-1', 'bgr0abc-2']);
  });

  test('says nothing of the guest of a VM that took a tap while others were made', async () => {
    const { pool, host, taken, settle } = aPool();

    pool.refresh();
    taken.add('bgr0abc-1');
    await settle();

    assert.deepEqual([...host.links.keys()].sort(), ['bgr0abc-0', 'br-test']);
  });

  test('lets go what is too much when a VM gives its address back', async () => {
    const { pool, taken, settle, taps } = aPool();
    taken.add('bgr0abc-0');
    pool.refresh();
    await settle();

    taken.delete('bgr0abc-0');
    pool.refresh();
    await settle();

    assert.deepEqual(await taps(), ['bgr0abc-0', 'bgr0abc-1']);
  });

  test('removes its own when it is closed, and none that a VM has', async () => {
    const { pool, taken, settle, taps } = aPool();
    pool.refresh();
    await settle();
    taken.add('bgr0abc-0');

    await pool[Symbol.asyncDispose]();
    pool.refresh();
    await settle();

    assert.deepEqual(await taps(), ['bgr0abc-0']);
  });

  test('tells of a failure once, tries again later and later, and forgets it when it works', async () => {
    const { pool, host, clock, troubles, settle, taps } = aPool();
    host.routes.add(bridgeSettings.subnet);

    pool.refresh();
    await clock.advance(10_000);
    const { trouble } = pool.status;
    host.routes.clear();
    await clock.advance(60_000);
    await settle();

    assert.match(trouble ?? '', /is routed elsewhere/);
    assert.equal(troubles.length, 1);
    assert.deepEqual(pool.status, { ready: 2, room: 2, trouble: undefined });
    assert.equal((await taps()).length, 2);
  });

  test('has as many as there is room for, and says so', async () => {
    const { pool, taken, settle } = aPool({ size: 4, room: 3 });
    taken.add('bgr0abc-0');

    pool.refresh();
    await settle();

    assert.deepEqual(pool.status, { ready: 2, room: 2, trouble: undefined });
  });

  test('of no size makes nothing', async () => {
    const { pool, settle, taps } = aPool({ size: 0 });

    pool.refresh();
    await settle();

    assert.deepEqual(await taps(), []);
  });

  test('that is closed while it fails does not wait for the next try', async () => {
    const { pool, host, settle } = aPool();
    host.routes.add(bridgeSettings.subnet);
    pool.refresh();
    await settle();

    await pool[Symbol.asyncDispose]();

    assert.equal(pool.status.ready, 0);
  });
});
