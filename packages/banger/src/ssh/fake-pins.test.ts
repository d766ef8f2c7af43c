import { pinsContract } from '../../../../test/contract/pins.ts';
import { createFakePins } from './fake-pins.ts';

pinsContract('fake pins', () => {
  const pins = createFakePins();
  return Promise.resolve({
    pins,
    trusted: () => Promise.resolve([...pins.pinned.values()]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
