import type { Hono } from 'hono';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { Builds } from '../image/build/builds.ts';
import type { Images } from '../image/images.ts';
import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';

export interface LayoutDeps {
  readonly images: Pick<Images, 'find'>;
  readonly builds: Pick<Builds, 'export'>;
  readonly activity: Activity;
  readonly log: Pick<DaemonLog, 'warn'>;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

/** `streams.imageLayout`: an image for other tools. */
export function registerLayouts(app: Hono, deps: LayoutDeps): void {
  const { images, builds, activity, log, stopping } = deps;
  app.get(streams.imageLayout, async (c) => {
    const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
    const operation = given.success ? given.data : newOperationId();
    const closed = new AbortController();
    const signal = AbortSignal.any([c.req.raw.signal, stopping, closed.signal]);
    const warn = (error: unknown) => {
      const known = toBangerError(error);
      log.warn({ operation, code: known.code, err: known }, known.message);
      return known;
    };
    try {
      const image = await images.find(c.req.param('image'));
      if (image === undefined) throw notFound(c.req.param('image'));
      const chunks = builds.export(image, signal)[Symbol.asyncIterator]();
      // What goes wrong before there is anything to send is an error as any other.
      const first = await chunks.next();
      const work = activity.begin();
      const end = () => work[Symbol.dispose]();
      const body = streamOf(first, chunks, { warn, end, closed });
      const headers = { 'content-type': 'application/x-tar', [OPERATION_HEADER]: operation };
      return new Response(body, { headers });
    } catch (error) {
      return errorResponse(warn(error), operation);
    }
  });
}

interface Ends {
  readonly warn: (error: unknown) => void;
  readonly end: () => void;
  readonly closed: AbortController;
}

/** A failure in the middle breaks the connection off, so that nobody takes a part for the whole. */
function streamOf(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  { warn, end, closed }: Ends,
): ReadableStream<Uint8Array> {
  let next: IteratorResult<Uint8Array> | undefined = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const result = next ?? (await chunks.next());
        next = undefined;
        if (result.done !== true) {
          controller.enqueue(result.value);
          return;
        }
        controller.close();
      } catch (error) {
        warn(error);
        controller.error(error);
      }
      end();
    },
    async cancel() {
      closed.abort(new BangerError('operation.cancelled', 'the client went away'));
      await chunks.return?.();
      end();
    },
  });
}

function notFound(name: string): BangerError {
  return new BangerError('image.not_found', `Cannot find image "${name}": it is not in the store`, {
    hint: 'banger image list',
  });
}
