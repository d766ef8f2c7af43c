/**
 * Routes whose request or answer is bytes, beside those of `api.ts`: they have an operation's id, log and tell errors
 * like these, and end with the client, or with the daemon.
 */
import type { Context } from 'hono';
import type { z } from 'zod';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER } from '@banger/protocol/streams';

import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';

export interface ByteRouteDeps {
  readonly log: Pick<DaemonLog, 'warn'>;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

export interface ByteRequest {
  readonly operation: OperationId;
  /** Aborts when the client goes away, while it sends or while it reads, or the daemon */
  readonly signal: AbortSignal;
  /** The client reads no further */
  readonly close: () => void;
  /** Records why it came to nothing */
  readonly failed: (error: unknown) => BangerError;
}

/** What `work` throws becomes the answer. */
export async function answerBytes(
  c: Context,
  { log, stopping }: ByteRouteDeps,
  work: (request: ByteRequest) => Promise<Response>,
): Promise<Response> {
  const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
  const operation = given.success ? given.data : newOperationId();
  const closed = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, stopping, closed.signal]);
  const close = () => closed.abort(new BangerError('operation.cancelled', 'the client went away'));
  try {
    const response = await work({ operation, signal, close, failed });
    response.headers.set(OPERATION_HEADER, operation);
    return response;
  } catch (error) {
    return errorResponse(failed(error), operation);
  }

  function failed(error: unknown): BangerError {
    const known = toBangerError(error);
    log.warn({ operation, code: known.code, err: known }, known.message);
    return known;
  }
}

/** The query and the body of a request that has to have both; `what` is for people: "the archive". */
export function bytesOf<Query extends z.ZodType>(
  c: Context,
  schema: Query,
  what: string,
): { readonly query: z.output<Query>; readonly bytes: ReadableStream<Uint8Array> } {
  const query = schema.safeParse(c.req.query());
  const { body } = c.req.raw;
  if (query.success && body !== null) return { query: query.data, bytes: body };
  const fact = query.error?.issues[0];
  throw new BangerError(
    'usage.invalid',
    `Cannot read ${what}: ${fact === undefined ? 'the request has no body' : `${fact.path.join('.')}: ${fact.message}`}`,
    { cause: query.error },
  );
}

export interface Streaming extends Pick<ByteRequest, 'failed' | 'close'> {
  readonly activity: Activity;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Resolves with the first bytes, so that what goes wrong before there is anything to send is an error as any other. A
 * failure in the middle breaks the connection off, so that nobody takes a part for the whole.
 */
export async function streamBytes(
  chunks: AsyncIterable<Uint8Array>,
  { activity, headers, failed, close }: Streaming,
): Promise<Response> {
  const reading = chunks[Symbol.asyncIterator]();
  let next: IteratorResult<Uint8Array> | undefined = await reading.next();
  const work = activity.begin();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const result = next ?? (await reading.next());
        next = undefined;
        if (result.done !== true) {
          controller.enqueue(result.value);
          return;
        }
        controller.close();
      } catch (error) {
        failed(error);
        controller.error(error);
      }
      work[Symbol.dispose]();
    },
    async cancel() {
      close();
      await reading.return?.();
      work[Symbol.dispose]();
    },
  });
  return new Response(body, { headers });
}
