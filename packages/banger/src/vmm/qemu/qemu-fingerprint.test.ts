import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan } from '../../machine/fixtures.ts';
import { fingerprint } from './qemu-fingerprint.ts';

const { signal: never } = new AbortController();

async function digestOf(version: string, change: Parameters<typeof aPlan>[0] = {}) {
  const locate = () => Promise.resolve({ binary: '/usr/bin/qemu', version });
  return (await fingerprint({ locate }, aPlan(change), never)).digest;
}

test('another version of QEMU or another accelerator is another fingerprint', async () => {
  const digest = await digestOf('7.2.0');

  assert.equal(await digestOf('7.2.0', { name: 'other', root: '/else' }), digest);
  assert.notEqual(await digestOf('7.2.1'), digest);
  assert.notEqual(await digestOf('7.2.0', { accel: 'kvm' }), digest);
});
