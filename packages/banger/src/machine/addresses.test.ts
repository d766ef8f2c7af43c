import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { freeAddressIndex, guestAddressOf, hostAddressOf } from './addresses.ts';
import { aPlan } from './fixtures.ts';
import { MachinePlan } from './plan.ts';

suite('addresses', () => {
  test('are all of 127.77.0.0/16 but its ends, each once', () => {
    const all = Array.from({ length: 0xfffe }, (_, index) => hostAddressOf(index, '/state'));

    assert.equal(new Set(all).size, 0xfffe);
    assert.ok(all.every((address) => /^127\.77\.\d+\.\d+$/.test(address)));
    assert.ok(!all.includes('127.77.0.0') && !all.includes('127.77.255.255'));
  });

  test('begin elsewhere in another banger', () => {
    assert.notEqual(hostAddressOf(16, '/home/ana/vms'), hostAddressOf(16, '/home/bo/vms'));
  });

  test('are given out once, in the guest and on the host', () => {
    const first = { guestAddress: guestAddressOf(16), hostAddress: '127.77.0.1' };
    const second = { guestAddress: '10.77.9.9/16', hostAddress: hostAddressOf(17, '/state') };

    assert.equal(freeAddressIndex([], '/state'), 16);
    assert.equal(freeAddressIndex([first], '/state'), 17);
    assert.equal(freeAddressIndex([first, second], '/state'), 18);
  });

  test('of a plan that was stored before there were any come from the guest', () => {
    const plan = JSON.parse(JSON.stringify(aPlan())) as { network: Record<string, unknown> };
    delete plan.network['hostAddress'];
    plan.network['guestAddress'] = '10.77.10.18/16';

    const { network } = MachinePlan.parse(plan);

    assert.equal(network.hostAddress, '127.77.10.18');
    assert.deepEqual(MachinePlan.parse({ ...plan, network }).network, network);
  });
});
