import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseConfig } from './config.ts';

const read = (text: string, env: Record<string, string> = {}) =>
  parseConfig({ file: '/c.toml', text, env });

suite('the configuration of the bridge', () => {
  test('is 172.16.0.0/24 on br-banger, with the name servers of the host and four taps', () => {
    const { network, bridge_name, bridge_ip, cidr, dns_servers, tap_pool_size } = read('').values;

    assert.deepEqual(
      [network, bridge_name, bridge_ip, cidr, dns_servers, tap_pool_size],
      ['auto', 'br-banger', '172.16.0.1', '172.16.0.0/24', undefined, 4],
    );
  });

  test('takes name servers as a list, or with commas from the environment', () => {
    const expected = ['9.9.9.9', '1.1.1.1'];
    const env = { BANGER_DNS_SERVERS: '9.9.9.9, 1.1.1.1' };

    assert.deepEqual(read('dns_servers = ["9.9.9.9", "1.1.1.1"]').values.dns_servers, expected);
    assert.deepEqual(read('', env).values.dns_servers, expected);
  });

  for (const line of [
    'network = "nat"',
    'bridge_name = "a-name-of-16-chr"',
    'bridge_name = "br;reboot"',
    'bridge_name = "-br"',
    'bridge_ip = "172.16.0"',
    'bridge_ip = "fd00::1"',
    'cidr = "172.16.0.0"',
    'cidr = "172.16.0.1/24"',
    'cidr = "10.0.0.0/7"',
    'cidr = "172.16.0.0/31"',
    'dns_servers = ["example.org"]',
    'dns_servers = ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]',
    'tap_pool_size = 65',
    'tap_pool_size = -1',
  ]) {
    test(`does not take ${line}`, () => {
      assert.throws(() => read(line), { code: 'config.invalid' });
    });
  }

  for (const cidr of ['10.9.0.0/24', '172.16.0.0/15']) {
    test(`takes bridge_ip 172.16.0.1 with cidr ${cidr} only where it is a host's`, () => {
      const parse = () => read(`cidr = "${cidr}"`);

      if (cidr === '172.16.0.0/15') assert.equal(parse().values.cidr, cidr);
      else {
        assert.throws(parse, {
          code: 'config.invalid',
          message:
            'Cannot use bridge_ip "172.16.0.1" (built-in) with cidr "10.9.0.0/24" (/c.toml:1): it is no host\'s address of that subnet',
          hint: 'Set bridge_ip to 10.9.0.1',
        });
      }
    });
  }
});
