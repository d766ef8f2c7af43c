import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vmmDriverContract } from '../../../../test/contract/vmm-driver.ts';
import { aPlan } from '../machine/fixtures.ts';
import { createFakeDriver, createFakeVmmHost } from './fake-driver.ts';

const host = createFakeVmmHost();

vmmDriverContract({
  name: 'the fake driver',
  newDriver: () => createFakeDriver({ host }),
  newPlan: () => Promise.resolve(aPlan()),
  runFiles: ({ paths }) =>
    Promise.resolve([...host.runFiles].filter((runDir) => runDir === paths.runDir)),
});

test('the fake driver fails a launch as it is told and keeps nothing', async () => {
  const why = new Error('injected');
  const driver = createFakeDriver({ onLaunch: () => Promise.reject(why) });

  await assert.rejects(driver.launch(aPlan(), new AbortController().signal), why);

  assert.equal(driver.host.monitors.size, 0);
  assert.equal(driver.host.runFiles.size, 0);
});
