import { kernelsContract } from '../../../../test/contract/kernels.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createFakeKernels } from './fake-kernels.ts';

kernelsContract('fake kernels', () => {
  const kernels = createFakeKernels({
    clock: createSystemClock(),
    catalog: [{ name: 'debian-6.1', kind: 'debian', description: '' }],
  });
  return Promise.resolve({
    kernels,
    built: kernels.built,
    damage: (id) => {
      kernels.damage(id);
    },
    putKernel() {
      kernels.hostFiles.add('/srv/kernel');
      return Promise.resolve('/srv/kernel');
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
