import type { Context, Hono } from 'hono';

import { BUNDLE_HEADER } from '@banger/protocol/bundle';
import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { Bundles, OpenBundle } from '../bundle/bundles.ts';
import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';
import { existing } from './existing.ts';

export interface BundleDeps {
  readonly images: Images;
  readonly kernels: Kernels;
  readonly bundles: Bundles;
  readonly activity: Activity;
  readonly log: DaemonLog;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

/** `streams.imageBundle` and `streams.kernelBundle`. */
export function registerBundles(app: Hono, deps: BundleDeps): void {
  const { images, kernels, bundles } = deps;
  app.get(streams.imageBundle, (c) => {
    const name = c.req.param('image');
    return answer(c, deps, async (signal) =>
      bundles.image(await existing('image', name, images.find(name)), signal),
    );
  });
  app.get(streams.kernelBundle, (c) => {
    const name = c.req.param('kernel');
    return answer(c, deps, async (signal) =>
      bundles.kernel(await existing('kernel', name, kernels.find(name)), signal),
    );
  });
}

async function answer(
  c: Context,
  { activity, log, stopping }: BundleDeps,
  open: (signal: AbortSignal) => Promise<OpenBundle>,
): Promise<Response> {
  const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
  const operation = given.success ? given.data : newOperationId();
  const closed = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, stopping, closed.signal]);
  try {
    const { head, chunks } = await open(signal);
    const headers = {
      'content-type': 'application/zstd',
      [BUNDLE_HEADER]: encodeURIComponent(JSON.stringify(head)),
      [OPERATION_HEADER]: operation,
    };
    const failed = (error: unknown): void => {
      log.warn({ operation, err: error }, 'cannot finish a bundle');
    };
    const end = activity.begin();
    return new Response(bodyOf(chunks, { closed, failed, end: () => end[Symbol.dispose]() }), {
      headers,
    });
  } catch (error) {
    const known = toBangerError(error);
    log.warn({ operation, code: known.code, err: known }, known.message);
    return errorResponse(known, operation);
  }
}

interface Ends {
  readonly closed: AbortController;
  readonly failed: (error: unknown) => void;
  readonly end: () => void;
}

/** A failure in the middle breaks the connection off, so that nobody takes a part for the whole. */
function bodyOf(
  chunks: AsyncIterable<Uint8Array>,
  { closed, failed, end }: Ends,
): ReadableStream<Uint8Array> {
  const reading = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await reading.next();
        if (next.done !== true) {
          controller.enqueue(next.value);
          return;
        }
        controller.close();
      } catch (error) {
        failed(error);
        controller.error(error);
      }
      end();
    },
    async cancel() {
      closed.abort(new BangerError('operation.cancelled', 'the client went away'));
      await reading.return?.();
      end();
    },
  });
}
