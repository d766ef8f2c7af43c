import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ipv4Text, isHostIn, parseIpv4, parseIpv4Subnet } from './ipv4-subnet.ts';

suite('IPv4 subnets', () => {
  test('are read as numbers and written as they were', () => {
    for (const text of ['0.0.0.0', '172.16.0.1', '255.255.255.255', '128.0.0.1']) {
      const address = parseIpv4(text);

      assert.notEqual(address, undefined, text);
      assert.equal(ipv4Text(address ?? 0), text);
    }
  });

  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', ' 1.2.3.4', '1.2.3.4/8']) {
    test(`have no address "${text}"`, () => assert.equal(parseIpv4(text), undefined));
  }

  test('know their ends', () => {
    const subnet = parseIpv4Subnet('172.16.0.0/30');

    assert.ok(subnet);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((host) => isHostIn(subnet, subnet.first + host)),
      [false, true, true, false, false],
    );
  });

  for (const text of ['172.16.0.1/24', '172.16.0.0', '172.16.0.0/33', '172.16.0.0/24/8', '/24']) {
    test(`are none of "${text}"`, () => assert.equal(parseIpv4Subnet(text), undefined));
  }
});
