import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { aJail } from '../../../../../../test/contract/jail-host-scene.ts';
import { createFakeJailHost, createFakeJails } from './fake-jail-host.ts';
import { sweepJails } from './sweep-jails.ts';

const { signal } = new AbortController();

test('jails of no VM are ended and removed, those of VMs stay as they are', async () => {
  const host = createFakeJailHost(createFakeJails(), ({ killed }) =>
    once(killed, 'abort').then(() => 0),
  );
  const order = { args: [], logFile: '/log', limits: { memoryMib: 64, vcpus: 1 } };
  for (const index of [1, 2, 3]) await host.place(aJail(index), [], signal);
  const forgotten = await host.spawn({ id: aJail(1).id, ...order }, signal);
  await using kept = await host.spawn({ id: aJail(2).id, ...order }, signal);

  const failures = await sweepJails(host, new Set([aJail(2).id]), signal);

  assert.deepEqual(failures, []);
  assert.deepEqual(await host.list(signal), [aJail(2).id]);
  assert.deepEqual([forgotten.gone.aborted, kept.gone.aborted], [true, false]);
});

test('one that cannot be removed does not keep the others', async () => {
  const host = createFakeJailHost(createFakeJails(), () => 0);
  for (const index of [1, 2]) await host.place(aJail(index), [], signal);
  const stuck = new Error('stuck');

  const failures = await sweepJails(
    {
      ...host,
      remove: (id, until) => (id === aJail(1).id ? Promise.reject(stuck) : host.remove(id, until)),
    },
    new Set(),
    signal,
  );

  assert.deepEqual(failures, [stuck]);
  assert.deepEqual(await host.list(signal), [aJail(1).id]);
});
