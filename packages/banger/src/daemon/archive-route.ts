import type { Hono } from 'hono';

import { ArchiveQuery } from '@banger/protocol/image';
import { streams } from '@banger/protocol/streams';

import type { ImageArchives } from '../image/archive/image-archives.ts';
import { answerBytes, type ByteRouteDeps, bytesOf } from './byte-route.ts';

export interface ArchiveDeps extends ByteRouteDeps {
  readonly archives: Pick<ImageArchives, 'read'>;
}

/** Archives with images come as bytes: the client reads its own files, the daemon opens no path for anybody. */
export function registerArchives(app: Hono, deps: ArchiveDeps): void {
  app.put(streams.imageArchive, (c) =>
    answerBytes(c, deps, async ({ signal }) => {
      const { query, bytes } = bytesOf(c, ArchiveQuery, 'the archive');
      const { ref, name, fallback } = query;
      return c.json(await deps.archives.read(bytes, { ref, name, fallback }, signal));
    }),
  );
}
