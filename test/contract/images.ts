import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { noImageConfig } from '@banger/protocol/image-config';
import type { Stage } from '@banger/protocol/progress';

import type { Progress } from '../../packages/banger/src/host/work.ts';
import type { ImageRecipe } from '../../packages/banger/src/image/image-recipe.ts';
import { registeredImagesContract } from './images-registered.ts';
import type { ImagesSubject } from './images-subject.ts';

const NAME = 'debian-bookworm-slim';

/** What callers may rely on, from the real images and from the fake ones. */
export function imagesContract(name: string, open: () => Promise<ImagesSubject>): void {
  registeredImagesContract(name, open);
  suite(`${name} keep the contract of Images`, () => {
    const signal = new AbortController().signal;
    const quiet = { signal, progress: quietly() };

    test('what is pulled is stored, listed, and found by name, id and unique prefix', async () => {
      await using subject = await open();
      const { images } = subject;

      const image = await images.pull(NAME, quiet);

      assert.deepEqual(await images.list(), [image]);
      for (const reference of [NAME, image.id, image.id.slice(0, 8)]) {
        assert.deepEqual(await images.find(reference), image);
      }
      assert.equal(await images.find('debian'), undefined);
    });

    test('a stored image is not made again unless it is forced; the newest of a name counts', async () => {
      await using subject = await open();
      const { images } = subject;
      const first = await images.pull(NAME, quiet);

      const again = await images.pull(NAME, quiet);
      const forced = await images.pull(NAME, { ...quiet, force: true });

      assert.equal(again.id, first.id);
      assert.equal(subject.built(), 2);
      assert.deepEqual(await images.find(NAME), forced);
      assert.equal((await images.list()).length, 2);
    });

    test('an unknown name is refused with the ones that are close', async () => {
      await using subject = await open();

      const pulled = subject.images.pull('debian-bokworm', quiet);

      await assert.rejects(pulled, {
        code: 'image.not_found',
        hint: 'banger image pull debian-bookworm',
      });
    });

    test('concurrent pulls are one build, and every caller sees its progress', async () => {
      await using subject = await open();
      const release = subject.hold();
      const stages: Stage[][] = [[], []];

      const pulls = stages.map((seen) =>
        subject.images.pull(NAME, { signal, progress: quietly(seen) }),
      );
      release();
      const [one, other] = await Promise.all(pulls);

      assert.equal(one?.id, other?.id);
      assert.equal(subject.built(), 1);
      assert.ok(stages.every((seen) => seen.some(({ ms }) => ms !== undefined)));
    });

    test('a build goes on while one caller is left, and is cancelled with the last', async () => {
      await using subject = await open();
      const release = subject.hold();
      const callers = [new AbortController(), new AbortController()];
      const { promise: begun, resolve } = Promise.withResolvers<Stage>();
      const progress = { stage: resolve, warn: () => undefined };
      const pulls = callers.map((caller) =>
        subject.images.pull(NAME, { signal: caller.signal, progress }),
      );
      const ends = Promise.allSettled(pulls);
      await begun;

      callers[0]?.abort(new Error('first'));
      await assert.rejects(pulls[0] ?? Promise.resolve(), /first/);
      callers[1]?.abort(new Error('last'));
      await assert.rejects(pulls[1] ?? Promise.resolve(), /last/);

      assert.deepEqual(await subject.images.list(), []);
      release();
      await ends;
      assert.equal((await subject.images.pull(NAME, quiet)).name, NAME);
    });

    test('what a recipe makes is stored as it says, and is another image when it is run in another way', async () => {
      await using subject = await open();
      const { images } = subject;
      const made = (cmd: string[]) =>
        images.make(subject.recipe({ name: 'made', config: { ...noImageConfig, cmd } }), quiet);

      const one = await made(['true']);
      const other = await made(['false']);

      assert.notEqual(one.id, other.id);
      assert.deepEqual([one.name, one.kind, one.config.cmd], ['made', 'oci', ['true']]);
      assert.deepEqual(await images.find(one.id), one);
    });

    test('what is from a registry is found by every spelling of its name, and by its digest', async () => {
      await using subject = await open();
      const { images } = subject;
      const digest = `sha256:${'a'.repeat(64)}`;
      const recipe = subject.recipe({ name: 'alpine:latest', config: noImageConfig });
      const build: ImageRecipe['build'] = async (order) => ({
        ...(await recipe.build(order)),
        digest,
      });

      const image = await images.make({ ...recipe, build }, quiet);

      for (const text of [
        ...['alpine', 'alpine:latest', 'docker.io/alpine', 'docker.io/library/alpine:latest'],
        ...[`alpine@${digest}`, `index.docker.io/library/alpine:3@${digest}`],
      ]) {
        assert.deepEqual(await images.find(text), image, text);
      }
      for (const text of ['alpine:3', 'ana/alpine', `ana/alpine@${digest}`, 'localhost/alpine']) {
        assert.equal(await images.find(text), undefined, text);
      }
    });

    test('a name of the catalog is never that of a registry', async () => {
      await using subject = await open();
      const { images } = subject;
      const name = `${NAME}:latest`;
      await images.make(subject.recipe({ name, config: noImageConfig }), quiet);

      assert.equal((await images.pull(NAME, quiet)).name, NAME);
    });

    test('damage is reported to who asks for the image, and repaired by force', async () => {
      await using subject = await open();
      const { images } = subject;
      const image = await images.pull(NAME, quiet);

      await subject.damage(image.id);

      await assert.rejects(images.find(NAME), {
        code: 'image.damaged',
        hint: `banger image pull --force ${NAME}`,
      });
      assert.deepEqual(await images.list(), []);
      await images.pull(NAME, { ...quiet, force: true });
      assert.equal((await images.find(NAME))?.name, NAME);
    });

    test('what is removed is gone, and may be removed again', async () => {
      await using subject = await open();
      const { id } = await subject.images.pull(NAME, quiet);

      await subject.images.remove(id);
      await subject.images.remove(id);

      assert.equal(await subject.images.find(id), undefined);
    });

    test('sweeping keeps what is stored', async () => {
      await using subject = await open();
      const image = await subject.images.pull(NAME, quiet);

      await subject.images.sweep(signal);

      assert.deepEqual(await subject.images.list(), [image]);
    });
  });
}

function quietly(seen: Stage[] = []): Progress {
  return { stage: (stage) => seen.push(stage), warn: () => undefined };
}
