import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCpu } from './host-cpu.ts';

test('of a host’s processor only what the guest sees counts', () => {
  const cpu = (mhz: number) =>
    `processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: ${String(mhz)}\nflags\t\t: fpu vme\n`;

  assert.equal(parseCpu(cpu(1000)), parseCpu(cpu(2000)));
  assert.match(parseCpu(cpu(1000)), /Some CPU\nflags\t\t: fpu vme$/);
});
