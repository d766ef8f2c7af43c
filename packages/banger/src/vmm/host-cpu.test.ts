import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCpu, processorName } from './host-cpu.ts';

test('of a host’s processor only what the guest sees counts', () => {
  const cpu = (mhz: number) =>
    `processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: ${String(mhz)}\nflags\t\t: fpu vme\n`;

  assert.equal(parseCpu(cpu(1000)), parseCpu(cpu(2000)));
  assert.match(parseCpu(cpu(1000)), /Some CPU\nflags\t\t: fpu vme$/);
});

test('a processor has the name that it gives itself', () => {
  const known = parseCpu('processor\t: 0\nmodel name\t: AMD EPYC 7R32\nflags\t\t: fpu vme\n');

  assert.equal(processorName(known), 'AMD EPYC 7R32');
  assert.equal(processorName(parseCpu('processor\t: 0\n')), 'unknown');
});
