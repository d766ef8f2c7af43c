import { hostKeysContract } from '../../../../test/contract/host-keys.ts';
import { createFakeHostKeys } from './fake-host-keys.ts';

hostKeysContract('fake host keys', () =>
  Promise.resolve({
    hostKeys: createFakeHostKeys(),
    dir: '/vm',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
