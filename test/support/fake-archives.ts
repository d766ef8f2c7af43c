import type { IncomingMessage, ServerResponse } from 'node:http';

import { createFakeImageArchives } from '../../packages/banger/src/image/archive/fake-image-archives.ts';

const { signal: never } = new AbortController();

/** An archive sent to a fake daemon. */
export async function answerArchive(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const of = (key: string) => query.get(key) ?? undefined;
  const choice = { ref: of('ref'), name: of('name'), fallback: of('fallback') };
  const archived = await createFakeImageArchives().read(request, choice, never);
  response.end(JSON.stringify(archived));
}
