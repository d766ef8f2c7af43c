import type { ImageId } from '@banger/protocol/ids';

import { imagesContract } from '../../../../test/contract/images.ts';
import type { ImagesSubject } from '../../../../test/contract/images-subject.ts';
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
  let puts = 0;
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
    host: {
      put(name: string, form: 'ext4' | 'text') {
        puts += 1;
        const path = `/srv/${name}`;
        images.hostFiles.set(path, `${form} ${String(puts)}`);
        return Promise.resolve(path);
      },
      has: (path: string) => Promise.resolve(images.hostFiles.has(path)),
      remove(path: string) {
        images.hostFiles.delete(path);
        return Promise.resolve();
      },
    },
  };
}
