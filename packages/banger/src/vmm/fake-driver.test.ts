import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vmmDriverContract } from '../../../../test/contract/vmm-driver.ts';
import { aPlan } from '../machine/fixtures.ts';
import { createFakeDriver, createFakeVmmHost } from './fake-driver.ts';
import { moveFakeFiles } from './fake-vmm-host.ts';

const { signal: never } = new AbortController();
const host = createFakeVmmHost();
let saved = 0;

function newSavedFiles() {
  saved += 1;
  return { memory: `/saved/${String(saved)}/memory`, state: `/saved/${String(saved)}/state` };
}

vmmDriverContract({
  name: 'the fake driver',
  newDriver: () => createFakeDriver({ host }),
  newPlan: (change) => Promise.resolve(aPlan(change)),
  newSavedFiles: () => Promise.resolve(newSavedFiles()),
  opensUnheard: true,
  overlayLimits({ paths }) {
    const { diskMibPerSecond, diskOpsPerSecond } = host.monitors.get(paths.runDir)?.limits ?? {};
    const bytesPerSecond = (diskMibPerSecond ?? 0) * 1024 * 1024;
    return Promise.resolve({ bytesPerSecond, opsPerSecond: diskOpsPerSecond ?? 0 });
  },
  damage(file) {
    host.damaged.add(file);
    return Promise.resolve();
  },
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

test('the fake driver gives a restored guest a copy of what was saved, wherever the files are now', async () => {
  const guests = new Map<string, string[]>();
  const driver = createFakeDriver({
    onSave: ({ id }) => [...(guests.get(id) ?? [])],
    onLoad: ({ id }, memory) => guests.set(id, [...(memory as string[])]),
  });
  const plan = aPlan();
  guests.set(plan.id, ['before']);
  await using vmm = await driver.launch(plan, never);
  const to = { memory: '/draft/memory', state: '/draft/state' };
  await vmm.save(to, { atPause: () => Promise.resolve(), signal: never });
  guests.get(plan.id)?.push('after');
  moveFakeFiles(driver.host, '/draft', '/saved');

  const copy = aPlan();
  const memory = { kind: 'private' as const, file: '/saved/memory' };
  const start = { ...copy.start, memory, state: '/saved/state' };
  await using fork = await driver.launch({ ...copy, start }, never);

  assert.deepEqual(guests.get(copy.id), ['before']);
  assert.ok(await fork.isPaused(never));
});

test('the fake driver refuses a state that another version saved', async () => {
  const driver = createFakeDriver();
  const plan = aPlan();
  await using vmm = await driver.launch(plan, never);
  const to = { memory: '/m', state: '/s' };
  await vmm.save(to, { atPause: () => Promise.resolve(), signal: never });

  driver.host.version = '2.0.0';

  const copy = aPlan();
  const start = { ...copy.start, state: to.state };
  await assert.rejects(driver.launch({ ...copy, start }, never), { code: 'vm.state_unusable' });
});

test('a paused fake guest hears of a connection when it goes on', async () => {
  let connections = 0;
  const driver = createFakeDriver({ agent: () => (connections += 1) });
  await using vmm = await driver.launch(aPlan(), never);
  await vmm.pause(never);

  await vmm.openAgentStream(never);
  const whilePaused = connections;
  await vmm.resume(never);

  assert.equal(whilePaused, 0);
  assert.equal(connections, 1);
});
