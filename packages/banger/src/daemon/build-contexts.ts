import type { Hono } from 'hono';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { Builds } from '../image/build/builds.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';

export interface ContextDeps {
  readonly builds: Pick<Builds, 'receive'>;
  readonly log: Pick<DaemonLog, 'warn'>;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

/** `streams.buildContext`: the files of a build, which a client reads and the daemon keeps until the build takes them. */
export function registerContexts(app: Hono, { builds, log, stopping }: ContextDeps): void {
  app.put(streams.buildContext, async (c) => {
    const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
    const operation = given.success ? given.data : newOperationId();
    const signal = AbortSignal.any([c.req.raw.signal, stopping]);
    try {
      const { body } = c.req.raw;
      if (body === null)
        throw new BangerError('usage.invalid', 'Cannot keep a context: it has no body');
      return c.json(await builds.receive(whole(body, signal), signal), 200, {
        [OPERATION_HEADER]: operation,
      });
    } catch (error) {
      const known = toBangerError(error);
      log.warn({ operation, code: known.code, err: known }, known.message);
      return errorResponse(known, operation);
    }
  });
}

/** A client that goes away in the middle is an error, so that nothing half is taken for whole. */
async function* whole(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  yield* body;
  signal.throwIfAborted();
}
