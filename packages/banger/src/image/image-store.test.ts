import assert from 'node:assert/strict';
import {
  copyFile,
  mkdir,
  mkdtempDisposable,
  readdir,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { imagesContract } from '../../../../test/contract/images.ts';
import type { ImagesSubject } from '../../../../test/contract/images-subject.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { imageCatalog } from './catalog.ts';
import type { BuiltRoot, RootBuild } from './image-recipe.ts';
import { createImageStore } from './image-store.ts';

interface Subject extends ImagesSubject {
  readonly dir: string;
}

interface Tweaks {
  /** Happens while a file is copied */
  readonly copying?: (from: string) => Promise<void>;
}

/** The real store, with builds that write a few bytes: another content each time. */
async function open({ copying }: Tweaks = {}): Promise<Subject> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-images-'));
  let built = 0;
  let puts = 0;
  let gate: Promise<unknown> = Promise.resolve();
  const images = createImageStore({
    paths: { images: join(dir.path, 'images'), builds: join(dir.path, 'builds') },
    clock: createSystemClock(),
    catalog: createCatalog(imageCatalog, []),
    initOf: () => Promise.resolve('agent'),
    async copyFile(from, to) {
      await copyFile(from, to);
      await copying?.(from);
    },
    async recipeFor(name) {
      await Promise.resolve();
      const entry = imageCatalog.find((candidate) => candidate.name === name);
      return entry && { ...entry, build };
    },
  });
  async function build({ file, stages, signal }: RootBuild): Promise<BuiltRoot> {
    stages.begin('image-packages', 'Installing packages');
    signal.throwIfAborted();
    const aborted = new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    await Promise.race([gate, aborted]);
    built += 1;
    await writeFile(file, `root file system ${String(built)}`);
    return { init: 'agent', notes: [] };
  }
  return {
    images,
    dir: dir.path,
    built: () => built,
    hold() {
      const held = Promise.withResolvers<undefined>();
      gate = held.promise;
      return () => held.resolve(undefined);
    },
    recipe: ({ name, config }) => ({
      ...{ name, kind: 'oci', description: '' },
      async build({ file }) {
        await writeFile(file, 'the same root file system');
        return { init: 'agent', notes: [], config };
      },
    }),
    damage: (id) => truncate(join(dir.path, 'images', id, 'rootfs.ext4'), 3),
    host: {
      async put(name, form) {
        puts += 1;
        const path = join(dir.path, name);
        await writeFile(path, form === 'ext4' ? smallExt4(puts) : `text ${String(puts)}`);
        return path;
      },
      has: (path) => stat(path).then(Boolean, () => false),
      remove: (path) => rm(path),
    },
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

/** As much of an ext4 as is looked at before a guest mounts it. */
function smallExt4(seed: number): Buffer {
  const disk = Buffer.alloc(4096 + seed);
  disk.writeUInt16LE(0xef53, 1024 + 0x38);
  return disk;
}

const signal = new AbortController().signal;
const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };

imagesContract('stored images', () => open());

test('a pull leaves nothing in the directory of builds', async () => {
  await using subject = await open();

  await subject.images.pull('debian-bookworm', quiet);

  assert.deepEqual(await readdir(join(subject.dir, 'builds')), []);
});

test('sweeping removes what an interrupted build of an image left, and nothing else', async () => {
  await using subject = await open();
  await mkdir(join(subject.dir, 'builds', 'image-1234', 'tree'), { recursive: true });
  await mkdir(join(subject.dir, 'builds', 'kernel-1234'));

  await subject.images.sweep(signal);

  assert.deepEqual(await readdir(join(subject.dir, 'builds')), ['kernel-1234']);
});

test('a manifest that is none is damage', async () => {
  await using subject = await open();
  const image = await subject.images.pull('debian-bookworm', quiet);

  await writeFile(join(image.dir, 'manifest.json'), '{"format": 2}');

  await assert.rejects(subject.images.find(image.id), { code: 'image.damaged' });
});

test('a promotion of a file that is written to meanwhile is refused, and leaves nothing', async () => {
  await using subject = await open({ copying: (from) => truncate(from, 9000) });
  const { images } = subject;
  const rootDisk = await subject.host.put('lab.ext4', 'ext4');
  const given = { name: 'lab', init: 'agent', description: '', kernel: null } as const;
  const image = await images.register({ ...given, rootDisk }, signal);

  await assert.rejects(images.promote(image, quiet), {
    code: 'image.bad_content',
    message: /was changed/,
  });

  assert.deepEqual(await readdir(join(subject.dir, 'images')), [image.id]);
  assert.deepEqual(await readdir(join(subject.dir, 'builds')), []);
});
