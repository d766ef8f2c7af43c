import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { hostNameServers, parseNameServers } from './name-servers.ts';

suite('name servers of the host', () => {
  test('are those of resolv.conf that others reach too', () => {
    const text = [
      '# made by somebody',
      'nameserver 127.0.0.53',
      'nameserver fd00::1',
      '  nameserver\t192.0.2.1 # the router',
      'nameserver 0.0.0.0',
      'nameserver 192.0.2.1',
      'search example.org',
    ].join('\n');

    assert.deepEqual(parseNameServers(text), ['192.0.2.1']);
  });

  test('are three at most', () => {
    const text = [1, 2, 3, 4].map((n) => `nameserver 192.0.2.${String(n)}\n`).join('');

    assert.equal(parseNameServers(text).length, 3);
  });

  test("are those of systemd's resolver where that is all that the host's programs know", () => {
    const files: Record<string, string> = {
      '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 198.51.100.7\n',
    };

    assert.deepEqual(
      hostNameServers((file) => files[file] ?? ''),
      ['198.51.100.7'],
    );
  });
});
