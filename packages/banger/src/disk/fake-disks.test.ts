import { disksContract } from '../../../../test/contract/disks.ts';
import { createFakeDisks } from './fake-disks.ts';

disksContract('fake disks', () =>
  Promise.resolve({
    disks: createFakeDisks(),
    dir: '/vm',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
