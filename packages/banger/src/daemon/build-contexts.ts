import type { Hono } from 'hono';
import { z } from 'zod';

import { streams } from '@banger/protocol/streams';

import type { Builds } from '../image/build/builds.ts';
import { answerBytes, type ByteRouteDeps, bytesOf } from './byte-route.ts';

export interface ContextDeps extends ByteRouteDeps {
  readonly builds: Pick<Builds, 'receive'>;
}

/** `streams.buildContext`: the files of a build, which a client reads and the daemon keeps until the build takes them. */
export function registerContexts(app: Hono, deps: ContextDeps): void {
  app.put(streams.buildContext, (c) =>
    answerBytes(c, deps, async ({ signal }) => {
      const { bytes } = bytesOf(c, z.object({}), 'the context');
      return c.json(await deps.builds.receive(whole(bytes, signal), signal));
    }),
  );
}

/** A client that goes away in the middle is an error, so that nothing half is taken for whole. */
async function* whole(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  yield* body;
  signal.throwIfAborted();
}
