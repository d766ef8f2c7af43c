import { blobCacheContract } from '../../../../../test/contract/blob-cache.ts';
import { createFakeBlobCache } from './fake-blob-cache.ts';

blobCacheContract('the fake blob cache', async () => {
  await Promise.resolve();
  const files = { whole: new Map<string, Buffer>(), partial: new Map<string, Buffer>() };
  const cache = createFakeBlobCache(files);
  return {
    cache,
    reopen: () => createFakeBlobCache(files),
    damage: (digest) => cache.damage(digest),
    fileCount: () => files.whole.size + files.partial.size,
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
    },
  };
});
