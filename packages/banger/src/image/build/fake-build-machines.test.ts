import assert from 'node:assert/strict';

import { buildMachinesContract } from '../../../../../test/contract/build-machines.ts';
import { createFakeBuildMachines } from './fake-build-machines.ts';

buildMachinesContract('fake build machines', () => {
  const machines = createFakeBuildMachines();
  return Promise.resolve({
    machines,
    baseDisk: '/base.ext4',
    assertClean: () => assert.equal(machines.running, 0),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
