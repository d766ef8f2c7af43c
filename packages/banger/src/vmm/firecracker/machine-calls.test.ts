import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { noLimits } from '@banger/protocol/limits';

import { createApiValidator } from '../../../../../test/support/fake-firecracker/validate-request.ts';
import { aPlan } from '../../machine/fixtures.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { ApiRequest } from './api-requests.ts';
import { limitCalls } from './limit-calls.ts';
import { bootCalls, loadCalls, renameDrive, saveCall, stateCall } from './machine-calls.ts';

const validator = createApiValidator();

function aTapPlan(change: Partial<MachinePlan> = {}): MachinePlan {
  const plan = aPlan({ vmm: 'firecracker', accel: 'kvm', network: 'bridge' });
  const bridge = { name: 'br-banger', tap: 'bgr1a2b-16', isolated: true };
  return { ...plan, network: { ...plan.network, mode: 'bridge', bridge }, ...change };
}

const plan = aTapPlan();
const withoutModules = aTapPlan({ paths: { ...plan.paths, modulesDisk: null } });
const builds = [null, '/layers/delta'].map((deltaDisk) => aTapPlan({ build: { deltaDisk } }));

function drivesOf(calls: readonly ApiRequest[]) {
  return calls.flatMap((call) => (call.path.startsWith('/drives/') ? [call] : []));
}

suite('what is asked of Firecracker', () => {
  const all = [plan, withoutModules, ...builds].flatMap((each) => [
    ...bootCalls(each, '1.16.1'),
    ...loadCalls(each),
  ]);
  const others: readonly ApiRequest[] = [
    { method: 'GET', path: '/' },
    renameDrive('overlay'),
    ...limitCalls(plan, noLimits),
    saveCall,
    stateCall('Paused'),
    stateCall('Resumed'),
  ];
  for (const call of [...all, ...others]) {
    test(`is what its description allows: ${call.method} ${call.path}`, () => {
      assert.equal(validator.request(call), undefined);
    });
  }

  test('names drives in the order in which the guest counts them', () => {
    const names = (each: MachinePlan) =>
      drivesOf(bootCalls(each, '1.16.1')).map(({ path }) => path);

    assert.deepEqual(names(plan), [
      '/drives/base',
      '/drives/overlay',
      '/drives/work',
      '/drives/modules',
    ]);
    assert.equal(names(withoutModules).length, 3);
    assert.deepEqual(
      drivesOf(loadCalls(plan)).map(({ path }) => path),
      names(plan),
    );
  });

  test('has only disks of its own written to, and those of a build not synced', () => {
    const kinds = (each: MachinePlan) =>
      drivesOf(bootCalls(each, '1.16.1')).map((call) => {
        assert.ok(call.method === 'PUT' && 'is_read_only' in call.body);
        return `${call.body.is_read_only ? 'ro' : 'rw'} ${call.body.cache_type}`;
      });

    const shared = 'ro Unsafe';
    assert.deepEqual(kinds(plan), [shared, 'rw Writeback', 'rw Writeback', shared]);
    for (const build of builds) {
      assert.deepEqual(kinds(build), [shared, 'rw Unsafe', shared, shared]);
    }
  });

  test('names nothing outside its cell but the tap', () => {
    const text = JSON.stringify([...bootCalls(plan, '1.16.1'), ...loadCalls(plan), saveCall]);

    assert.doesNotMatch(
      text,
      /"\/(?!drives|machine|boot|net|vsock|entropy|balloon|actions|snapshot)/,
    );
    assert.match(
      text,
      /"network_overrides":\[\{"iface_id":"eth0","host_dev_name":"bgr1a2b-16"\}\]/,
    );
  });

  test('limits each drive and both ways of the card, and takes limits away', () => {
    const one = { diskMibPerSecond: 2, diskOpsPerSecond: null, networkMibPerSecond: 3 };
    const [drive, , , , card] = limitCalls(plan, one);
    const none = { size: 0, refill_time: 0 };
    const bytes = (size: number) => ({ size, refill_time: 1000 });
    const limiter = { bandwidth: bytes(3 * 2 ** 20), ops: none };

    assert.deepEqual(drive?.method === 'PATCH' && drive.body, {
      drive_id: 'base',
      rate_limiter: { bandwidth: bytes(2 * 2 ** 20), ops: none },
    });
    assert.deepEqual(card?.method === 'PATCH' && card.body, {
      iface_id: 'eth0',
      rx_rate_limiter: limiter,
      tx_rate_limiter: limiter,
    });
    assert.match(JSON.stringify(limitCalls(plan, noLimits)), /"size":0/);
    assert.doesNotMatch(JSON.stringify(limitCalls(plan, noLimits)), /1000/);
  });

  test('ends with a start, and a load leaves the vCPUs standing', () => {
    assert.deepEqual(bootCalls(plan, '1.16.1').at(-1), {
      method: 'PUT',
      path: '/actions',
      body: { action_type: 'InstanceStart' },
    });
    assert.match(JSON.stringify(loadCalls(plan)[0]), /"resume_vm":false/);
  });
});
