import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import { powerOn } from './plan.ts';
import { startTimings, Waterfall } from './waterfall.ts';

const step = (name: string, atMs: number) => ({ name, ms: 10, atMs });
const steps = [
  step('launch-vmm', 0),
  step('resume-vcpus', 10),
  step('greet-guest', 20),
  step('boot-guest', 30),
  step('identify-guest', 40),
  step('await-ready', 50),
];
const live = {
  vmm: {
    timings: [
      { name: 'spawn', ms: 6 },
      { name: 'load', ms: 4 },
    ],
  },
  booted: {
    bootId: 'x',
    stages: [
      { name: 'drives', ms: 1 },
      { name: 'root', ms: 2 },
    ],
  },
  identified: [{ name: 'network', ms: 3 }],
};

suite('the waterfall of a start', () => {
  test('counts from the moment it was asked for', async () => {
    const clock = createFakeClock();
    await clock.advance(1000);
    const waterfall = new Waterfall(clock);
    await clock.advance(5);
    waterfall.mark('queue');
    await clock.advance(7);
    waterfall.mark('plan');

    assert.deepEqual(waterfall.with([step('disks', 1012)]), [
      { name: 'queue', ms: 5, atMs: 0 },
      { name: 'plan', ms: 7, atMs: 5 },
      { name: 'disks', ms: 10, atMs: 12 },
    ]);
  });

  test('of a cold start has a boot and its parts', () => {
    const timings = startTimings(steps, powerOn, live);
    assert.deepEqual(
      timings.map(({ name, atMs }) => [name, atMs]),
      [
        ['spawn', 0],
        ['load', 6],
        ['handshake', 20],
        ['boot', 30],
        ['boot/drives', 30],
        ['boot/root', 31],
        ['ready', 50],
      ],
    );
  });

  test('of a fork has an identity and no boot', () => {
    const start = { ...powerOn, from: 't1' as const, state: '/state' };
    assert.deepEqual(
      startTimings(steps, start, live).map(({ name }) => name),
      ['spawn', 'load', 'resume', 'handshake', 'identity', 'identity/network'],
    );
  });
});
