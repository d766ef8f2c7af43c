import { createHash } from 'node:crypto';

import type { ImageArchives } from './image-archives.ts';

/** Archives that are read and not understood: each is one image, of its bytes. */
export function createFakeImageArchives(): ImageArchives {
  const sent = new Set<string>();
  return {
    async read(bytes, { name, fallback }, signal) {
      const hash = createHash('sha256');
      for await (const chunk of bytes) hash.update(chunk);
      signal.throwIfAborted();
      const digest = `sha256:${hash.digest('hex')}`;
      sent.add(digest);
      return { digest, name: name ?? `${fallback ?? 'archived'}:latest` };
    },
    recipe: ({ digest, name }) => ({
      ...{ name, kind: 'oci', description: 'From an archive' },
      async build() {
        await Promise.resolve();
        if (!sent.has(digest)) throw new Error(`nobody sent ${digest}`);
        return { init: 'agent', notes: [] };
      },
    }),
  };
}
