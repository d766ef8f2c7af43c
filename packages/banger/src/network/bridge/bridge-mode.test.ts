import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPlan } from '../../machine/fixtures.ts';
import type { BridgeHost } from './bridge-host.ts';
import { createBridgeMode } from './bridge-mode.ts';
import { createFakeBridgeHost } from './fake-bridge-host.ts';
import { rememberTaps } from './remember-taps.ts';

const settings = {
  ...{ name: 'br-banger', address: '172.16.0.1', subnet: '172.16.0.0/24' },
  ...{ owner: '/state', uid: 0 },
};
const never = new AbortController().signal;

suite('a VM on the bridge', () => {
  test('has a tap that says what its plan says, and nothing when it is detached', async () => {
    const host = createFakeBridgeHost(settings);
    const mode = createBridgeMode(host, settings);
    const plan = aPlan({ network: 'bridge', nat: true, isolated: false });
    const { bridge } = plan.network;
    assert.ok(bridge);

    await mode.attach(plan, never);
    await mode.attach(plan, never);

    assert.deepEqual(host.host.links.get(bridge.tap)?.port, {
      ...{ tap: bridge.tap, mac: '02:ba:ac:10:00:02', address: '172.16.0.2' },
      ...{ nat: true, isolated: false },
    });
    await mode.detach(plan, never);
    await mode.detach(plan, never);
    assert.equal(host.host.links.size, 0);
  });

  test('is put right as it was last asked for, also while that is being done', async () => {
    const host = createFakeBridgeHost(settings);
    const mode = createBridgeMode(host, settings);
    const open = aPlan({ network: 'bridge', nat: true });
    const closed = { ...open, network: { ...open.network, nat: false } };
    await mode.attach(open, never);

    const change = mode.attach(closed, never);
    await host.repair(mode.ports(), never);
    await change;
    assert.equal(host.host.forwarding, false);

    const removal = mode.detach(closed, never);
    await host.repair(mode.ports(), never);
    await removal;
    assert.equal(host.host.links.size, 0);
  });

  test('is put right as it was before a change that failed', async () => {
    const host = createFakeBridgeHost(settings);
    const mode = createBridgeMode(host, settings);
    const plan = aPlan({ network: 'bridge', nat: true });
    await mode.attach(plan, never);
    const before = mode.ports();
    const aborted = AbortSignal.abort(new Error('no longer wanted'));

    const closed = { ...plan, network: { ...plan.network, nat: false } };
    await assert.rejects(mode.attach(closed, aborted), /no longer wanted/);

    assert.deepEqual(mode.ports(), before);
  });

  test('whose tap is there is attached while its monitor starts, and not told of twice', async () => {
    const host = rememberTaps(createFakeBridgeHost(settings), () => Promise.resolve(true));
    const asked: boolean[] = [];
    const counting: BridgeHost = {
      ...host,
      async ensurePort(port, signal) {
        await host.ensurePort(port, signal);
        asked.push(port.nat);
      },
    };
    const mode = createBridgeMode(counting, { ...settings, isReady: (port) => host.isReady(port) });
    const plan = aPlan({ network: 'bridge', nat: true });
    const pooled = { ...plan, network: { ...plan.network, nat: false } };

    await mode.prepare(pooled, never);
    await mode.attach(pooled, never);
    assert.deepEqual(asked, [false]);
    await mode.prepare(plan, never);
    assert.deepEqual(asked, [false]);
    await mode.attach(plan, never);
    assert.deepEqual(asked, [false, true]);
    await mode.attach(plan, never);
    assert.deepEqual(asked, [false, true, true]);
  });

  test('is told by attaching what failed after its monitor was let start', async () => {
    const host = createFakeBridgeHost(settings);
    const mode = createBridgeMode(host, { ...settings, isReady: () => Promise.resolve(true) });
    const plan = aPlan({ network: 'bridge' });
    host.host.routes.add(settings.subnet);

    await mode.prepare(plan, never);
    await assert.rejects(mode.attach(plan, never), { code: 'host.network_conflict' });
    assert.equal(mode.ports().length, 1);

    await mode.prepare(plan, never);
    await mode.detach(plan, never);
    assert.deepEqual(mode.ports(), []);
    host.host.routes.clear();
    await mode.attach(plan, never);
  });

  test('is not put on a bridge of another subnet than it was made for', async () => {
    const other = { ...settings, address: '10.9.0.1', subnet: '10.9.0.0/24' };
    const mode = createBridgeMode(createFakeBridgeHost(other), other);

    await assert.rejects(mode.attach(aPlan({ network: 'bridge' }), never), {
      code: 'host.network_conflict',
      message:
        'Cannot put VM "web" on bridge "br-banger" with 10.9.0.0/24: it was made for "br-banger" and has 172.16.0.2/24',
    });
  });
});
