import type { ImageId } from '@banger/protocol/ids';

import { imagesContract } from '../../../../test/contract/images.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createFakeImages } from './fake-images.ts';

imagesContract('fake images', () =>
  Promise.resolve({
    ...fakeSubject(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);

function fakeSubject() {
  const images = createFakeImages({
    clock: createSystemClock(),
    catalog: [
      { name: 'debian-bookworm', kind: 'debian', description: '', init: 'image' },
      { name: 'debian-bookworm-slim', kind: 'debian', description: '', init: 'agent' },
    ],
  });
  return {
    images,
    built: images.built,
    hold: () => images.hold(),
    damage: (id: ImageId) => {
      images.damage(id);
    },
  };
}
