import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../../host/fake-clock.ts';
import { BridgeKeeper, sweepTaps } from './bridge-keeper.ts';
import type { BridgePort } from './bridge-port.ts';
import { createFakeBridgeHost, createFakeBridgeLinks } from './fake-bridge-host.ts';

const settings = {
  ...{ name: 'br-banger', address: '172.16.0.1', subnet: '172.16.0.0/24' },
  ...{ owner: '/state', uid: 0 },
};
const port: BridgePort = {
  ...{ tap: 'bgr1234-2', mac: '02:ba:ac:10:00:02', address: '172.16.0.2' },
  ...{ nat: true, isolated: true },
};
const never = new AbortController().signal;

function keep(ports: readonly BridgePort[]) {
  const clock = createFakeClock();
  const links = createFakeBridgeLinks();
  const host = createFakeBridgeHost(settings, links);
  const repairs: string[] = [];
  const troubles: unknown[] = [];
  const keeper = new BridgeKeeper({
    ...{ host, clock, ports: () => ports, isTaken: () => true },
    onRepair: () => repairs.push('repaired'),
    onTrouble: (error) => troubles.push(error),
  });
  return { clock, links, host, keeper, repairs, troubles };
}

suite('the keeper of the bridge', () => {
  test('puts back a bridge with its taps, and does not touch what is right', async () => {
    const { clock, links, host, keeper, repairs } = keep([port]);
    await host.ensurePort(port, never);
    await clock.advance(60_000);
    assert.deepEqual(repairs, []);

    links.links.clear();
    await clock.advance(10_000);

    assert.deepEqual([...links.links.keys()].sort(), ['bgr1234-2', 'br-banger']);
    assert.equal(links.forwarding, true);
    assert.deepEqual(repairs, ['repaired']);
    await keeper[Symbol.asyncDispose]();
    assert.equal(clock.waiting, 0);
  });

  test('makes nothing where no VM is on the bridge', async () => {
    const { clock, links, keeper } = keep([]);

    await clock.advance(60_000);

    assert.equal(links.links.size, 0);
    await keeper[Symbol.asyncDispose]();
  });

  test('tells a trouble once, and again after it was over', async () => {
    const { clock, links, keeper, troubles } = keep([port]);
    links.routes.add(settings.subnet);
    await clock.advance(60_000);
    assert.equal(troubles.length, 1);

    links.routes.clear();
    await clock.advance(10_000);
    links.links.clear();
    links.routes.add(settings.subnet);
    await clock.advance(10_000);

    assert.equal(troubles.length, 2);
    await keeper[Symbol.asyncDispose]();
  });
});

suite('taps that nobody remembers', () => {
  test('are removed, and those of VMs stay', async () => {
    const host = createFakeBridgeHost(settings);
    await host.ensurePort(port, never);
    await host.ensureTap('bgr1234-9', never);

    assert.deepEqual(await sweepTaps({ host, isTaken: (tap) => tap === port.tap }), ['bgr1234-9']);
    assert.deepEqual(await host.listTaps(never), [port.tap]);
  });
});
