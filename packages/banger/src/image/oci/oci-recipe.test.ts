import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import type { Stage } from '@banger/protocol/progress';
import { BangerError } from '@banger/protocol/errors';

import {
  anImage,
  descriptorOf,
  digestOf,
  json,
  type OciImage,
} from '../../../../../test/support/oci-image.ts';
import { createStageClock } from '../../artifact/stage-clock.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import type { RootDiskOrder, RootDisks } from '../../rootfs/root-disks.ts';
import { createBlobCache } from './create-blob-cache.ts';
import type { ImageSource } from './image-source.ts';
import { ociRecipe } from './oci-recipe.ts';

const { signal } = new AbortController();

/** Disks that have the bytes of their layers one after the other, and refuse the word "damaged". */
function concatenation(orders: RootDiskOrder[]): Pick<RootDisks, 'make'> {
  return {
    async make(order) {
      orders.push(order);
      const layers = await Promise.all(order.layers.map(({ path }) => readFile(path)));
      const content = Buffer.concat(layers);
      if (content.includes('damaged')) throw new BangerError('image.bad_content', 'damaged');
      order.onProgress?.(content.length, content.length);
      await writeFile(order.file, content);
      return { sha256: '', sizeBytes: content.length, init: undefined, entryCount: layers.length };
    },
  };
}

function sourceOf(image: OciImage): ImageSource & { readonly fetched: string[] } {
  const fetched: string[] = [];
  const root = { digest: image.manifestDigest, mediaType: undefined, bytes: image.manifest };
  return {
    fetched,
    root: () => Promise.resolve(root),
    manifest: () => Promise.reject(new Error('there is none')),
    async *blob({ digest }, from) {
      await Promise.resolve();
      fetched.push(digest);
      const blob = image.blobs.get(digest);
      assert.ok(blob);
      yield blob.subarray(from);
    },
  };
}

async function aBuild(image: OciImage, source: ImageSource = sourceOf(image)) {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-oci-'));
  const blobs = createBlobCache(join(dir.path, 'blobs'));
  const orders: RootDiskOrder[] = [];
  const stages: Stage[] = [];
  const progress = { stage: (stage: Stage) => void stages.push(stage), warn: () => undefined };
  let released = 0;
  const host = {
    blobs,
    rootDisks: concatenation(orders) as RootDisks,
    platform: { os: 'linux', architecture: 'amd64' },
  };
  const recipe = ociRecipe(host, {
    ...{
      name: 'app:1',
      description: '',
      asking: 'Asking',
      hint: 'look',
      source,
      isFromRegistry: true,
    },
    release: () => (released += 1),
  });
  const file = join(dir.path, 'rootfs.ext4');
  return {
    ...{ blobs, orders, stages, file },
    released: () => released,
    build: (until = signal) =>
      recipe.build({
        ...{ dir: dir.path, file, warn: () => undefined, signal: until },
        stages: createStageClock(progress, createSystemClock()),
      }),
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

suite('an image of layers', () => {
  test('has what its configuration says, and remembers what it was made of', async () => {
    const image = anImage({ config: { Cmd: ['sh'], User: 'ana' } });
    await using it = await aBuild(image);

    const built = await it.build();

    assert.deepEqual(
      [built.init, built.digest, built.config?.user],
      ['agent', image.manifestDigest, 'ana'],
    );
    assert.deepEqual(
      built.layers?.map(({ digest, diffId }) => [digest, diffId]),
      image.layers.map((layer) => [digestOf(layer), digestOf(layer)]),
    );
    assert.equal(await readFile(it.file, 'utf8'), 'layer onelayer two');
    assert.equal(it.released(), 1);
  });

  test('knows how each layer is compressed by its bytes', async () => {
    const layers = [
      Buffer.from('plain'),
      gzipSync('gzipped'),
      zstdCompressSync('zstd'),
      Buffer.alloc(0),
    ];
    await using it = await aBuild(anImage({ layers }));

    await it.build();

    const compressions = it.orders[0]?.layers.map(({ compression }) => compression);
    assert.deepEqual(compressions, ['none', 'gzip', 'zstd', 'none']);
  });

  test('says how far it is', async () => {
    const image = anImage();
    await using it = await aBuild(image);

    await it.build();

    const begun = it.stages.filter(
      ({ ms, doneBytes }) => ms === undefined && doneBytes === undefined,
    );
    assert.deepEqual(
      begun.map(({ text }) => text),
      ['Asking', 'Pulling app:1 (2 layers, 18 B)', 'Laying down the root file system of app:1'],
    );
    assert.ok(it.stages.some(({ doneBytes }) => doneBytes !== undefined));
  });

  test('with one layer twice is asked for it once', async () => {
    const layer = Buffer.from('twice');
    const image = anImage({ layers: [layer, layer] });
    const source = sourceOf(image);
    await using it = await aBuild(image, source);

    await it.build();

    assert.equal(source.fetched.filter((digest) => digest === digestOf(layer)).length, 1);
    assert.equal(await readFile(it.file, 'utf8'), 'twicetwice');
  });

  test('whose layer was damaged in the cache is pulled again', async () => {
    const image = anImage({ layers: [Buffer.from('layer 1')] });
    await using it = await aBuild(image);
    await it.build();
    const blob = await it.blobs.find(digestOf(Buffer.from('layer 1')));
    assert.ok(blob);
    await chmod(blob.path, 0o600);
    await writeFile(blob.path, 'damaged');

    await it.build();

    assert.equal(await readFile(it.file, 'utf8'), 'layer 1');
  });

  test('whose layer is bad everywhere is refused once', async () => {
    await using it = await aBuild(anImage({ layers: [Buffer.from('damaged')] }));

    await assert.rejects(it.build(), { code: 'image.bad_content', message: 'damaged' });

    assert.equal(it.orders.length, 1);
    assert.equal(it.released(), 1);
  });

  test('with another number of layers than it says is refused before they are fetched', async () => {
    const image = anImage();
    const layers = [image.layers[0] ?? Buffer.alloc(0)].map((layer) =>
      descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar'),
    );
    const source = sourceOf({
      ...image,
      manifest: json({ ...JSON.parse(image.manifest.toString()), layers }),
    });
    await using it = await aBuild(image, source);

    await assert.rejects(it.build(), {
      code: 'image.bad_content',
      message: /its manifest has 1 layers, its configuration 2/,
    });
    assert.deepEqual(source.fetched, [digestOf(image.config)]);
  });

  test('with a configuration as large as a disk is refused', async () => {
    const config = {
      ...descriptorOf(json({}), 'application/vnd.oci.image.config.v1+json'),
      size: 1e12,
    };
    await using it = await aBuild(anImage({ manifest: { config } }));

    await assert.rejects(it.build(), { code: 'image.bad_content', message: /1000000000000 bytes/ });
  });

  test('stops the other layers when one fails', async () => {
    const image = anImage({ layers: ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text)) });
    const stopped: string[] = [];
    const bothBegun = Promise.withResolvers<undefined>();
    let begun = 0;
    const source: ImageSource = {
      ...sourceOf(image),
      async *blob({ digest }, from, until) {
        const blob = image.blobs.get(digest) ?? Buffer.alloc(0);
        if (blob.equals(Buffer.from('a'))) {
          await bothBegun.promise;
          throw new Error('layer a fails');
        }
        if (blob.length === 1) {
          const aborted = new Promise((resolve) => until.addEventListener('abort', resolve));
          begun += 1;
          if (begun === 2) bothBegun.resolve(undefined);
          await aborted;
          stopped.push(blob.toString());
          until.throwIfAborted();
        }
        yield blob.subarray(from);
      },
    };
    await using it = await aBuild(image, source);

    await assert.rejects(it.build(), /layer a fails/);

    assert.deepEqual(stopped.toSorted(), ['b', 'c']);
    const kept = await it.blobs.prune({ dryRun: true });
    assert.equal(kept.bytes, image.config.length);
  });

  test('is given up with the reason of who asked', async () => {
    const image = anImage();
    const leaving = new AbortController();
    const source: ImageSource = {
      ...sourceOf(image),
      async *blob({ digest }, from) {
        if (digest === digestOf(image.layers[1] ?? Buffer.alloc(0)))
          leaving.abort(new Error('bored'));
        await Promise.resolve();
        yield (image.blobs.get(digest) ?? Buffer.alloc(0)).subarray(from);
      },
    };
    await using it = await aBuild(image, source);

    await assert.rejects(it.build(leaving.signal), /bored/);
  });
});
