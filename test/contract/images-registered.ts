import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { RegisteredImage } from '../../packages/banger/src/image/images.ts';
import type { ImagesSubject } from './images-subject.ts';

const { signal } = new AbortController();
const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };

/** The part about images whose root file system is a file of the user's. */
export function registeredImagesContract(name: string, open: () => Promise<ImagesSubject>): void {
  suite(`${name} keep the contract of Images: registered and promoted ones`, () => {
    test('a registered image is found like any, and its root file system is where it was', async () => {
      await using subject = await open();
      const { images } = subject;
      const rootDisk = await subject.host.put('lab.ext4', 'ext4');
      const lab: RegisteredImage = { ...registered(rootDisk), init: 'image', kernel: 'own' };

      const image = await images.register(lab, signal);
      const again = await images.register(lab, signal);

      assert.deepEqual(
        [image.name, image.kind, image.init, image.kernel, image.rootDisk, image.rootRecord],
        ['lab', 'registered', 'image', 'own', rootDisk, undefined],
      );
      assert.equal(again.id, image.id);
      assert.deepEqual(await images.list(), [image]);
      for (const reference of ['lab', image.id, image.id.slice(0, 8)]) {
        assert.deepEqual(await images.find(reference), image);
      }
    });

    test('what is not there or no guest could mount is not registered', async () => {
      await using subject = await open();
      const text = await subject.host.put('text', 'text');

      for (const rootDisk of [text, `${text}.missing`]) {
        const registering = subject.images.register(registered(rootDisk), signal);
        await assert.rejects(registering, { code: 'image.bad_content' });
      }
      const given = registered(await subject.host.put('lab.ext4', 'ext4'));
      const reason = new Error('enough');
      await assert.rejects(subject.images.register(given, AbortSignal.abort(reason)), reason);

      assert.deepEqual(await subject.images.list(), []);
    });

    for (const [what, spoil] of [
      ['gone', (host: Host, path: string) => host.remove(path)],
      ['changed', (host: Host) => host.put('lab.ext4', 'ext4')],
    ] as const) {
      test(`a registered image whose file is ${what} is damaged until it is registered again`, async () => {
        await using subject = await open();
        const { images, host } = subject;
        const rootDisk = await host.put('lab.ext4', 'ext4');
        const image = await images.register(registered(rootDisk), signal);

        await spoil(host, rootDisk);

        for (const reference of ['lab', image.id]) {
          await assert.rejects(images.find(reference), {
            code: 'image.damaged',
            hint: `banger image register --name lab --rootfs ${rootDisk}`,
          });
        }
        assert.deepEqual(await images.list(), []);
        await host.put('lab.ext4', 'ext4');
        const again = await images.register(registered(rootDisk), signal);
        assert.notEqual(again.id, image.id);
        assert.deepEqual(await images.find('lab'), again);
      });
    }

    test('a registered image that is removed leaves the file that it was of', async () => {
      await using subject = await open();
      const rootDisk = await subject.host.put('lab.ext4', 'ext4');
      const { id } = await subject.images.register(registered(rootDisk), signal);

      await subject.images.remove(id);

      assert.equal(await subject.images.find('lab'), undefined);
      assert.ok(await subject.host.has(rootDisk));
    });

    test('a promoted image needs the file no more, and the registered one stays beside it', async () => {
      await using subject = await open();
      const { images, host } = subject;
      const rootDisk = await host.put('lab.ext4', 'ext4');
      const given = { ...registered(rootDisk), init: 'image', kernel: 'own' } as const;
      const image = await images.register(given, signal);

      const promoted = await images.promote(image, quiet);

      assert.deepEqual(
        [promoted.name, promoted.kind, promoted.init, promoted.kernel],
        ['lab', 'promoted', 'image', 'own'],
      );
      assert.notEqual(promoted.rootDisk, rootDisk);
      assert.notEqual(promoted.rootRecord, undefined);
      assert.deepEqual(ids(await images.list()), ids([image, promoted]));
      await host.remove(rootDisk);
      assert.deepEqual(await images.list(), [promoted]);
      assert.deepEqual(await images.find('lab'), promoted);
    });

    test('a promotion that is aborted, or whose file is gone, stores nothing', async () => {
      await using subject = await open();
      const { images, host } = subject;
      const rootDisk = await host.put('lab.ext4', 'ext4');
      const image = await images.register(registered(rootDisk), signal);
      const reason = new Error('enough');

      const aborted = images.promote(image, { ...quiet, signal: AbortSignal.abort(reason) });
      await assert.rejects(aborted, reason);
      assert.deepEqual(await images.list(), [image]);
      await host.remove(rootDisk);

      await assert.rejects(images.promote(image, quiet), { code: 'image.bad_content' });
      assert.deepEqual(await images.list(), []);
    });
  });
}

type Host = ImagesSubject['host'];

function registered(rootDisk: string): RegisteredImage {
  return { name: 'lab', init: 'agent', description: '', rootDisk, kernel: null };
}

function ids(images: readonly { readonly id: string }[]): readonly string[] {
  return images.map(({ id }) => id).toSorted();
}
