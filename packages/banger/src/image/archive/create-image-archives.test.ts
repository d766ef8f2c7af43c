import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import {
  anImage,
  anIndex,
  descriptorOf,
  digestOf,
  json,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../../../test/support/oci-image.ts';
import { blobName, layoutFiles, tarOf } from '../../../../../test/support/image-layout.ts';
import { createStageClock } from '../../artifact/stage-clock.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import type { RootDisks } from '../../rootfs/root-disks.ts';
import { createBlobCache } from '../oci/create-blob-cache.ts';
import { createImageArchives } from './create-image-archives.ts';
import type { ArchiveChoice } from './image-archives.ts';

const { signal } = new AbortController();
const image = anImage();
const other = anImage({ config: { Cmd: ['other'] } });

type Files = Record<string, Buffer | { readonly link: string }>;

/** As Docker wrote it before 25: layers are directories, and one that two images have is a link. */
function savedOf(tags: readonly string[]): Files {
  const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = image.layers;
  const config = `${digestOf(image.config).slice(7)}.json`;
  return {
    'aaa/layer.tar': one,
    'bbb/layer.tar': { link: '../ccc/layer.tar' },
    'ccc/layer.tar': two,
    [config]: image.config,
    'manifest.json': json([
      { Config: config, RepoTags: tags, Layers: ['aaa/layer.tar', 'bbb/layer.tar'] },
    ]),
    repositories: json({}),
  };
}

async function open() {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-archives-'));
  const blobs = createBlobCache(dir.path);
  const rootDisks: Pick<RootDisks, 'make'> = {
    async make({ file, layers }) {
      const parts = await Promise.all(layers.map(({ path }) => readFile(path)));
      await writeFile(file, Buffer.concat(parts));
      return { sha256: '', sizeBytes: 1, init: 'systemd', entryCount: 1 };
    },
  };
  const archives = createImageArchives({
    ...{ blobs, rootDisks: rootDisks as RootDisks },
    platform: { os: 'linux', architecture: 'amd64' },
  });
  async function* chunks(bytes: Buffer) {
    for (let at = 0; at < bytes.length; at += 1000) {
      yield await Promise.resolve(bytes.subarray(at, at + 1000));
    }
  }
  const read = (files: Files | Buffer, choice: Partial<ArchiveChoice> = {}) =>
    archives.read(
      chunks(Buffer.isBuffer(files) ? files : tarOf(files)),
      { ref: undefined, name: undefined, fallback: undefined, ...choice },
      signal,
    );
  const file = join(dir.path, 'rootfs');
  return {
    ...{ blobs, read },
    async make(files: Files | Buffer, choice?: Partial<ArchiveChoice>) {
      const recipe = archives.recipe(await read(files, choice));
      const silent = { stage: () => undefined, warn: () => undefined };
      const stages = createStageClock(silent, createSystemClock());
      const build = { dir: dir.path, file, stages, warn: silent.warn, signal };
      const built = await recipe.build(build);
      return { ...built, name: recipe.name, content: await readFile(file, 'utf8') };
    },
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

suite('archives of images', () => {
  for (const [what, files] of [
    ['an OCI layout', tarOf(layoutFiles({ 'app:1': image }))],
    ['an OCI layout in gzip', gzipSync(tarOf(layoutFiles({ 'app:1': image })))],
    ['an OCI layout in zstd', zstdCompressSync(tarOf(layoutFiles({ 'app:1': image })))],
    ['what docker save wrote', tarOf(savedOf(['app:1']))],
  ] as const) {
    test(`have an image in ${what}`, async () => {
      await using subject = await open();

      const made = await subject.make(files);

      assert.deepEqual([made.name, made.init, made.config?.cmd], ['app:1', 'image', ['sh']]);
      assert.equal(made.content, 'layer onelayer two');
      assert.equal(made.digest, undefined);
      assert.equal(made.layers?.length, 2);
    });
  }

  test('may have names that begin with a dot, as tar writes them', async () => {
    await using subject = await open();
    const files = Object.entries(layoutFiles({ 'app:1': image })).map(([name, content]) => [
      `./${name}`,
      content,
    ]);

    assert.equal((await subject.make(Object.fromEntries(files) as Files)).name, 'app:1');
  });

  test('may have an index of platforms', async () => {
    await using subject = await open();
    const index = anIndex([
      {
        ...descriptorOf(image.manifest, OCI_MANIFEST),
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ]);
    const entry = {
      ...descriptorOf(index, OCI_INDEX),
      annotations: { 'org.opencontainers.image.ref.name': 'app:1' },
    };

    const made = await subject.make({
      ...layoutFiles({ '': image }),
      [blobName(index)]: index,
      'index.json': anIndex([entry]),
    });

    assert.equal(made.content, 'layer onelayer two');
  });

  for (const [what, tagged, choice, expected] of [
    ['its whole reference', { 'ghcr.io/ana/app:2': image }, {}, 'ghcr.io/ana/app:2'],
    ['the file and its tag', { '2': image }, { fallback: 'app' }, 'app:2'],
    ['the file alone', { '': image }, { fallback: 'app' }, 'app:latest'],
    ['what it is to be called', { '2': image }, { name: 'mine' }, 'mine:latest'],
    ['the one that is meant', { a: image, b: other }, { ref: 'b', fallback: 'app' }, 'app:b'],
    [
      'the tag that is meant',
      { 'x.io/app:1': image, 'x.io/app:2': other },
      { ref: '2' },
      'x.io/app:2',
    ],
    ['any of two names of one', { 'a:1': image, 'b:1': image }, {}, 'a:1'],
  ] as const) {
    test(`name an image by ${what}`, async () => {
      await using subject = await open();

      assert.equal((await subject.read(layoutFiles(tagged), choice)).name, expected);
    });
  }

  for (const [what, files, choice, code, message] of [
    [
      'with several images',
      layoutFiles({ a: image, b: other }),
      {},
      'usage.invalid',
      /several in it: "a", "b"/,
    ],
    [
      'without that image',
      layoutFiles({ a: image }),
      { ref: 'b' },
      'usage.invalid',
      /"b" is not one of "a"/,
    ],
    [
      'without any name',
      layoutFiles({ '': image }),
      { fallback: '.x' },
      'usage.invalid',
      /it has no name/,
    ],
    [
      'without images',
      { 'index.json': anIndex([]) },
      {},
      'image.bad_content',
      /there is no image in it/,
    ],
    [
      'of something else',
      { 'etc/passwd': Buffer.from('x') },
      {},
      'image.bad_content',
      /neither an OCI layout/,
    ],
    ['of a very old Docker', { repositories: json({}) }, {}, 'image.bad_content', /before 1\.10/],
    [
      'with a bad index',
      { 'index.json': json({ manifests: 1 }) },
      {},
      'image.bad_content',
      /index\.json: manifests/,
    ],
    [
      'that is no tar',
      Buffer.from('x'.repeat(600)),
      {},
      'image.bad_content',
      /Cannot read the archive/,
    ],
    ['that is empty', Buffer.alloc(0), {}, 'image.bad_content', /Cannot read the archive/],
    [
      'that ends early',
      tarOf(layoutFiles({ a: image })).subarray(0, 900),
      {},
      'image.bad_content',
      /Cannot read/,
    ],
    [
      'whose compression is damaged',
      Buffer.concat([
        gzipSync(tarOf(layoutFiles({ a: image }))).subarray(0, 100),
        Buffer.alloc(100),
      ]),
      ...[{}, 'image.bad_content', /its compressed data is damaged/],
    ],
    [
      'with a blob of another digest',
      { [`blobs/sha256/${'a'.repeat(64)}`]: Buffer.from('x') },
      ...[{}, 'image.bad_content', /another digest than its name/],
    ],
    [
      'that lacks a layer',
      {
        'manifest.json': json([
          { Config: 'c.json', RepoTags: ['a:1'], Layers: ['../../etc/passwd'] },
        ]),
      },
      ...[{}, 'image.bad_content', /it lacks "c\.json"/],
    ],
  ] as [string, Files | Buffer, Partial<ArchiveChoice>, string, RegExp][]) {
    test(`${what} are refused`, async () => {
      await using subject = await open();

      await assert.rejects(subject.read(files, { fallback: 'app', ...choice }), { code, message });
    });
  }

  test('without a blob that their manifest names are refused when the image is made', async () => {
    await using subject = await open();
    const files = layoutFiles({ 'app:1': image });
    const [layer = Buffer.alloc(0)] = image.layers;
    const { [blobName(layer)]: _, ...rest } = files;

    await assert.rejects(subject.make(rest), {
      code: 'image.bad_content',
      message: /it lacks blob sha256:\w{12}, or that was pruned/,
    });
  });

  test('are held while they are read, and no longer', async () => {
    await using subject = await open();
    await subject.read(layoutFiles({ 'app:1': image }));

    assert.equal((await subject.blobs.prune({ dryRun: false })).count, 4);
  });
});
