import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cp, copyFile, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { noImageConfig } from '@banger/protocol/image-config';

import { packBundle } from '../../bundle/pack-bundle.ts';
import type { BundleEntry } from '../../catalog/bundle-entry.ts';
import { createCatalog } from '../../catalog/catalog.ts';
import type { Clock } from '../../host/clock.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import { createImageStore } from '../image-store.ts';
import { createBlobCache } from '../oci/create-blob-cache.ts';
import { bundleRecipe } from './bundle-recipe.ts';
import type { ImageBundle } from './image-bundle.ts';

const signal = new AbortController().signal;
const progress = { stage: () => undefined, warn: () => undefined };
const quiet = { signal, progress };
/** Looks like an ext4, and does not get much smaller by compression */
const disk = Buffer.concat([Buffer.alloc(4096), randomBytes(2_000_000)]);
disk.writeUInt16LE(0xef53, 1024 + 0x38);

suite('a bundle that is pulled', () => {
  test('is stored as it says, and leaves only itself in the cache', async () => {
    await using lab = await open();
    lab.serve(sendFrom(lab.bundle));

    const image = await lab.images.pull('lab', quiet);

    assert.deepEqual([image.name, image.kind, image.init], ['lab', 'bundle', 'image']);
    assert.ok((await readFile(image.rootDisk)).equals(disk));
    assert.deepEqual(await lab.images.list(), [image]);
    assert.deepEqual(await lab.left(), { builds: [], whole: [lab.entry.sha256], partial: [] });
  });

  test('by two at once, even under two names, is one transfer', async () => {
    await using lab = await open();
    const first = lab.serve(hold(sendFrom(lab.bundle)));

    const names = ['lab', 'lab', 'twin'];
    const pulls = names.map((name) => lab.images.pull(name, quiet));
    await first.asked;
    first.release();
    const [one, again, twin] = await Promise.all(pulls);

    assert.equal(one?.id, again?.id);
    assert.equal(twin?.name, 'twin');
    assert.deepEqual(lab.ranges, [undefined]);
  });

  test('and aborted in the middle leaves no image, and goes on from there the next time', async () => {
    await using lab = await open();
    const half = Math.floor(lab.bundle.length / 2);
    lab.serve((_, response) => {
      response.writeHead(200, { 'content-length': lab.bundle.length });
      response.write(lab.bundle.subarray(0, half));
    });
    const caller = new AbortController();
    const reason = new Error('Ctrl-C');
    const pull = assert.rejects(
      lab.images.pull('lab', { progress, signal: caller.signal }),
      reason,
    );
    await until(async () => (await lab.partialBytes()) === half);

    caller.abort(reason);
    await pull;

    assert.deepEqual(await lab.images.list(), []);
    assert.deepEqual(await lab.left(), { builds: [], whole: [], partial: [lab.entry.sha256] });
    lab.serve(sendFrom(lab.bundle));
    assert.equal((await lab.images.pull('lab', quiet)).name, 'lab');
    assert.deepEqual(lab.ranges, [undefined, `bytes=${String(half)}-`]);
  });

  test('from a server that goes silent ends with an error that says so, and goes on later', async () => {
    const clock = createFakeClock();
    await using lab = await open({ clock });
    lab.serve((_, response) => {
      response.writeHead(200, { 'content-length': lab.bundle.length });
      response.write(lab.bundle.subarray(0, 1000));
    });
    const pulled = lab.images.pull('lab', quiet);
    let isOver = false;
    const end = pulled.catch(() => undefined).then(() => (isOver = true));
    await until(async () => (await lab.partialBytes()) === 1000);

    await until(async () => {
      await clock.advance(5000);
      return isOver;
    });

    await end;
    await assert.rejects(pulled, {
      code: 'catalog.unreachable',
      message: `Cannot read "${lab.entry.url}": it sent nothing for 30 s`,
      hint: `curl -LfsSI ${lab.entry.url}`,
    });
    assert.ok(clock.monotonicMs() < 10 * 60_000);
    assert.equal(clock.waiting, 0);
    assert.deepEqual(await lab.left(), { builds: [], whole: [], partial: [lab.entry.sha256] });
    lab.serve(sendFrom(lab.bundle));
    assert.equal((await lab.images.pull('lab', quiet)).name, 'lab');
  });

  const wrong: readonly (readonly [string, (bundle: Buffer) => Buffer])[] = [
    ['of another digest', (bundle) => Buffer.alloc(bundle.length, 'x')],
    ['that is longer than its catalog says', (bundle) => Buffer.concat([bundle, bundle])],
    ['that is shorter', (bundle) => bundle.subarray(0, 1000)],
  ];
  for (const [what, spoil] of wrong) {
    test(`and is one ${what} is refused, leaves nothing, and can be had when it is right`, async () => {
      await using lab = await open();
      lab.serve(sendFrom(spoil(lab.bundle)));

      await assert.rejects(lab.images.pull('lab', quiet), { code: 'image.bad_content' });

      assert.deepEqual(await lab.images.list(), []);
      assert.deepEqual(await lab.left(), { builds: [], whole: [], partial: [] });
      lab.serve(sendFrom(lab.bundle));
      assert.equal((await lab.images.pull('lab', quiet)).name, 'lab');
    });
  }

  test('after its copy in the cache was damaged is downloaded again', async () => {
    await using lab = await open();
    lab.serve(sendFrom(lab.bundle));
    const { id } = await lab.images.pull('lab', quiet);
    await lab.images.remove(id);
    const copy = join(lab.cache, 'sha256', lab.entry.sha256);
    const damaged = join(lab.cache, 'damaged');
    await writeFile(damaged, Buffer.alloc(lab.bundle.length));
    await cp(damaged, copy, { force: true });

    await lab.images.pull('lab', quiet);

    assert.equal(lab.ranges.length, 2);
  });

  test('whose digest is right and whose content no guest could mount is not published', async () => {
    await using lab = await open({ disk: Buffer.alloc(9000, 'text') });
    lab.serve(sendFrom(lab.bundle));

    await assert.rejects(lab.images.pull('lab', quiet), {
      code: 'image.bad_content',
      message: 'Cannot use the bundle of image "lab": it is no ext4 file system',
    });

    assert.deepEqual(await lab.images.list(), []);
    assert.deepEqual((await lab.left()).builds, []);
  });

  test('when the daemon is killed before it is published is swept, and needs no second download', async () => {
    await using lab = await open();
    lab.serve(sendFrom(lab.bundle));
    const image = await lab.images.pull('lab', quiet);
    // As it is at the last moment before the rename.
    await cp(image.dir, join(lab.builds, 'image-deadbeef/image'), { recursive: true });
    await lab.images.remove(image.id);

    const next = lab.nextDaemon();
    assert.deepEqual(await next.list(), []);
    assert.equal(await next.find('lab'), undefined);
    await next.sweep(signal);

    assert.deepEqual((await lab.left()).builds, []);
    assert.equal((await next.pull('lab', quiet)).id, image.id);
    assert.equal(lab.ranges.length, 1);
  });
});

interface Tweaks {
  readonly clock?: Clock;
  readonly disk?: Buffer;
}

/** The real store, cache and wire, and a web server that answers as it is told. */
async function open({ clock = createSystemClock(), disk: content = disk }: Tweaks = {}) {
  await using opened = new AsyncDisposableStack();
  const dir = opened.use(await mkdtempDisposable(join(tmpdir(), 'banger-pull-')));
  const bundle = await bundleOf(content, dir.path);
  const ranges: (string | undefined)[] = [];
  let answer: RequestListener = (_, response) => response.writeHead(404).end();
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const entry: BundleEntry = {
    ...{ name: 'lab', kind: 'bundle', description: '', architecture: 'amd64' },
    url: `http://127.0.0.1:${String(address.port)}/lab.tar.zst`,
    sha256: createHash('sha256').update(bundle).digest('hex'),
    sizeBytes: bundle.length,
  };
  const entries = [entry, { ...entry, name: 'twin' }];
  const builds = join(dir.path, 'builds');
  const cache = join(dir.path, 'blobs');
  const store = () => {
    const blobs = createBlobCache(cache);
    return createImageStore({
      paths: { images: join(dir.path, 'images'), builds },
      clock: createSystemClock(),
      catalog: createCatalog(entries, []),
      async recipeFor(wanted) {
        await Promise.resolve();
        const found = entries.find(({ name }) => name === wanted);
        return found && bundleRecipe({ blobs, clock }, found);
      },
      initOf: () => Promise.resolve('agent'),
      copyFile: (from, to) => copyFile(from, to),
    });
  };
  const names = async (path: string) => (await readdir(path).catch(() => [])).toSorted();
  const owned = opened.move();
  return {
    ...{ bundle, builds, cache, entry, ranges },
    images: store(),
    /** Over the same directories */
    nextDaemon: store,
    /** From now on; with what `hold` needs, if it is held */
    serve<Listener extends RequestListener>(listener: Listener): Listener {
      answer = listener;
      return listener;
    },
    left: async () => ({
      builds: await names(builds),
      whole: await names(join(cache, 'sha256')),
      partial: await names(join(cache, 'partial')),
    }),
    partialBytes: () =>
      readFile(join(cache, 'partial', entry.sha256)).then(
        ({ length }) => length,
        () => 0,
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function bundleOf(content: Buffer, dir: string): Promise<Buffer> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = join(dir, 'source');
  await writeFile(file, content);
  const manifest: ImageBundle = {
    ...{ format: 1, architecture: 'amd64', kind: 'image', name: 'lab', init: 'image' },
    ...{ description: '', notes: [], kernel: null, config: noImageConfig },
    files: { 'rootfs.ext4': { sizeBytes: content.length, sha256 } },
  };
  return Buffer.concat(await Array.fromAsync(packBundle({ manifest, pathOf: () => file }, signal)));
}

/** A server that knows ranges. */
function sendFrom(content: Buffer): RequestListener {
  return ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (from > 0) {
      const range = `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}`;
      response.writeHead(206, { 'content-range': range });
    }
    response.end(content.subarray(from));
  };
}

/** Answers once it is released. */
function hold(listener: RequestListener) {
  const asked = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  const held: RequestListener = (request, response) => {
    asked.resolve(undefined);
    void released.promise.then(() => {
      listener(request, response);
    });
  };
  return Object.assign(held, {
    asked: asked.promise,
    release: () => {
      released.resolve(undefined);
    },
  });
}

/** The test runner ends what never comes. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 2));
}
