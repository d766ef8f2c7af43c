import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { GuestIdentified, GuestIdentity } from '../guest/guest.ts';
import { hygieneChecks } from './hygiene.ts';

const wanted: GuestIdentity = {
  hostname: 'web',
  hosts: [],
  dnsServers: ['10.77.0.3'],
  network: { mac: '02:ba:00:00:00:01', address: '10.77.0.16/16', gateway: '10.77.0.1' },
  machineId: '0123456789abcdef0123456789abcdef',
  sshHostKeys: [{ type: 'ed25519', privateKey: 'secret', publicKey: 'ssh-ed25519 AAAA web' }],
  authorizedKeys: [],
  seed: new Uint8Array(64),
  overlayMib: 8192,
  workMib: 8192,
};

const said: GuestIdentified = {
  hostname: 'web',
  machineId: wanted.machineId,
  mac: wanted.network.mac,
  addresses: ['10.77.0.16/16'],
  sshHostKeys: ['ssh-ed25519 AAAA root@web'],
  randomSample: 'ff'.repeat(16),
  overlayMib: 8100,
  workMib: 8100,
  stages: [],
  bootId: '',
  clockOffsetMs: 0,
  clockErrorMs: 0,
};

function failedOf(change: Partial<GuestIdentified>, clockOffsetMs = 3, seen: string[] = []) {
  const seenSamples = new Set(seen);
  const checks = hygieneChecks({
    wanted,
    said: { ...said, ...change },
    clockOffsetMs,
    seenSamples,
  });
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

suite('hygiene of a fork', () => {
  test('passes one that is itself', () => {
    assert.deepEqual(failedOf({}), []);
  });

  test('passes an image without sshd and without a machine-id', () => {
    assert.deepEqual(failedOf({ sshHostKeys: [], machineId: '' }), []);
  });

  const lies: readonly (readonly [string, Partial<GuestIdentified>])[] = [
    ['hostname', { hostname: 'template-1' }],
    ['machine-id', { machineId: 'f'.repeat(32) }],
    ['mac', { mac: '02:ba:00:00:00:02' }],
    ['address', { addresses: ['10.77.0.17/16'] }],
    ['address', { addresses: ['10.77.0.16/16', '10.77.0.17/16'] }],
    ['ssh-host-keys', { sshHostKeys: ['ssh-ed25519 BBBB'] }],
    ['ssh-host-keys', { sshHostKeys: [...said.sshHostKeys, 'ssh-rsa CCCC'] }],
    ['random', { randomSample: '' }],
    ['overlay-size', { overlayMib: 1024 }],
    ['work-size', { workMib: 1024 }],
  ];
  for (const [name, change] of lies) {
    test(`finds a ${name} that is not its own: ${JSON.stringify(change)}`, () => {
      assert.deepEqual(failedOf(change), [name]);
    });
  }

  test('finds random bytes that another fork gave', () => {
    assert.deepEqual(failedOf({}, 0, [said.randomSample]), ['random']);
  });

  test('finds a clock that is off, either way', () => {
    assert.deepEqual(failedOf({}, 101), ['clock']);
    assert.deepEqual(failedOf({}, -101), ['clock']);
  });
});
