import type { ImageId } from '@banger/protocol/ids';

import { imagesContract, type ImagesSubject } from '../../../../test/contract/images.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createFakeImages } from './fake-images.ts';
import type { ImageRecipe } from './image-recipe.ts';

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
    recipe: ({ name, config }: Parameters<ImagesSubject['recipe']>[0]): ImageRecipe => ({
      ...{ name, kind: 'oci', description: '' },
      build: () => Promise.resolve({ init: 'agent', notes: [], config }),
    }),
    damage: (id: ImageId) => {
      images.damage(id);
    },
  };
}
