import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { bridgeAddressAt, freeBridgeIndexes, macOfAddress } from './bridge-addresses.ts';
import { aBridge, aSpec } from './fixtures.ts';
import { freePlace } from './network-place.ts';

const at = (guestAddress: string, tap = 'other') => ({ guestAddress, bridge: { tap } });

suite('addresses on the bridge', () => {
  test("leave out the subnet's own, the broadcast address and the host's", () => {
    const bridge = aBridge({ subnet: '10.0.0.0/29', gateway: '10.0.0.3' });
    const addresses = freeBridgeIndexes([], bridge, 100).map((index) =>
      bridgeAddressAt(bridge, index),
    );

    assert.deepEqual(
      addresses,
      [1, 2, 4, 5, 6].map((host) => `10.0.0.${String(host)}/29`),
    );
  });

  test('are given out once, and so are taps of VMs that are older than the subnet', () => {
    const bridge = aBridge();
    const others = [at('172.16.0.2/24'), at('10.9.0.3/24', bridge.tapOf(3))];

    assert.deepEqual(freeBridgeIndexes(others, bridge, 2), [4, 5]);
  });

  test('of a large subnet are as many as there are names for taps', () => {
    const bridge = aBridge({ subnet: '10.0.0.0/8', gateway: '10.0.0.1' });

    const indexes = freeBridgeIndexes([], bridge, 100_000);

    assert.equal(indexes.length, 0xfffe - 1);
    assert.ok(Buffer.byteLength(bridge.tapOf(indexes.at(-1) ?? 0)) <= 15);
  });

  test('that are all taken are told by the name of the key', () => {
    const bridge = aBridge({ subnet: '172.16.0.0/30' });
    const spec = aSpec({ network: 'bridge' });
    const parts = { vmsDir: '/vms', bridge };
    const first = { ...freePlace(spec, [], parts), mac: macOfAddress('172.16.0.2') };

    assert.equal(first.guestAddress, '172.16.0.2/30');
    assert.throws(() => freePlace(spec, [first], parts), {
      code: 'host.resources',
      message: 'Cannot make another VM: every address of 172.16.0.0/30 (cidr) is taken',
      hint: 'banger vm prune',
    });
  });

  test('make MAC addresses that are local and different', () => {
    assert.equal(macOfAddress('172.16.0.17/24'), '02:ba:ac:10:00:11');
    assert.equal(macOfAddress('0.0.0.1/8'), '02:ba:00:00:00:01');
  });
});
