import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { blobCacheContract } from '../../../../../test/contract/blob-cache.ts';
import { createBlobCache } from './create-blob-cache.ts';

const { signal } = new AbortController();

blobCacheContract('the blob cache', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'banger-blobs-'));
  const cache = createBlobCache(dir);
  return {
    cache,
    reopen: () => createBlobCache(dir),
    async damage(digest) {
      const file = join(dir, digest.replace(':', '/'));
      await chmod(file, 0o600);
      await writeFile(file, 'damaged');
    },
    async fileCount() {
      const dirs = ['sha256', 'partial'].map((name) => readdir(join(dir, name)).catch(() => []));
      return (await Promise.all(dirs)).flat().length;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
});

suite('the blob cache on disk', () => {
  async function* bytes(text: string) {
    yield await Promise.resolve(Buffer.from(text));
  }

  test('a blob is a read-only file of its bytes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'banger-blobs-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };

    const { path } = await createBlobCache(dir).add(bytes('abc'), signal);

    assert.equal(await readFile(path, 'utf8'), 'abc');
    assert.equal((await stat(path)).mode & 0o777, 0o400);
  });

  test('a blob that was cut short since is fetched again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'banger-blobs-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
    const cache = createBlobCache(dir);
    const { digest, path, sizeBytes } = await cache.add(bytes('abc'), signal);
    await chmod(path, 0o600);
    await writeFile(path, 'a');

    await cache.fetch({ digest, sizeBytes, read: () => bytes('abc') }, signal);

    assert.equal(await readFile(path, 'utf8'), 'abc');
  });

  test('a sweep removes what was being added when a daemon died', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'banger-blobs-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
    const cache = createBlobCache(dir);
    await cache.add(bytes('abc'), signal);
    await writeFile(join(dir, 'partial', 'add-1234'), 'ab');

    await cache.sweep(signal);

    assert.deepEqual(await readdir(join(dir, 'partial')), []);
    assert.equal((await readdir(join(dir, 'sha256'))).length, 1);
  });
});
