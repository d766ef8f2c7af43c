import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { hostPortText } from '@banger/protocol/host-port';

import type { GuestListener } from '../guest/guest-listeners.ts';
import { MAX_PORTS, wantedPorts } from './wanted-ports.ts';

const map = { hostAddress: '127.77.1.2', guestAddress: '10.77.0.16/16', publish: [] };
const at = (address: string, port = 80): GuestListener => {
  return { protocol: 'tcp', address, port, pid: 1, process: 'x' };
};
const places = (ports: ReturnType<typeof wantedPorts>) =>
  ports.map((port) => hostPortText(port.at));

suite('ports that the host is to listen on', () => {
  for (const address of ['0.0.0.0', '::', '127.0.0.1', '::1']) {
    test(`lead to loopback when the guest listens on ${address}`, () => {
      assert.deepEqual(wantedPorts(map, [at(address)]), [
        { at: { address: '127.77.1.2', port: 80 }, target: { kind: 'tcp', port: 80 } },
      ]);
    });
  }

  test('lead to the guest’s own address when it listens there alone', () => {
    const [wanted] = wantedPorts(map, [at('10.77.0.16')]);

    assert.deepEqual(wanted?.target, { kind: 'tcp', port: 80, address: '10.77.0.16' });
  });

  test('are only those that are published when the host reaches the guest at its address', () => {
    const publish = [{ address: '127.0.0.1', hostPort: 8080, guestPort: 80 }];
    const onBridge = { hostAddress: '172.16.0.2', guestAddress: '172.16.0.2/24', publish };

    assert.deepEqual(places(wantedPorts(onBridge, [at('0.0.0.0')])), ['127.0.0.1:8080']);
  });

  test('are none for what is not reached from outside, nor for UDP', () => {
    const udp = { ...at('0.0.0.0'), protocol: 'udp' as const };

    assert.deepEqual(wantedPorts(map, [at('172.17.0.1'), udp]), []);
  });

  test('are one for a port that listens on several addresses', () => {
    assert.deepEqual(places(wantedPorts(map, [at('0.0.0.0'), at('::'), at('172.17.0.1')])), [
      '127.77.1.2:80',
    ]);
  });

  test('are those that were asked for, whether or not the guest listens', () => {
    const publish = [{ address: '127.0.0.1', hostPort: 8080, guestPort: 80 }];

    assert.deepEqual(places(wantedPorts({ ...map, publish }, [])), ['127.0.0.1:8080']);
    assert.deepEqual(places(wantedPorts({ ...map, publish }, [at('0.0.0.0')])), [
      '127.0.0.1:8080',
      '127.77.1.2:80',
    ]);
  });

  test('are so many and no more, besides those that were asked for', () => {
    const publish = [{ address: '127.0.0.1', hostPort: 8080, guestPort: 80 }];
    const many = Array.from({ length: 1000 }, (_, index) => at('0.0.0.0', index + 1));

    assert.equal(wantedPorts({ ...map, publish }, many).length, MAX_PORTS + 1);
  });
});
