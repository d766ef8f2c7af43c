import type { Context, Hono } from 'hono';
import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import type { Event } from '@banger/protocol/events';
import { streams } from '@banger/protocol/streams';

/** Sources of the streaming answers. Each ends with its signal. */
export interface TextStreams {
  vmLog(vm: string, source: 'console' | 'vmm', options: LogOptions): AsyncIterable<Uint8Array>;
  daemonLog(options: LogOptions): AsyncIterable<Uint8Array>;
  events(after: string | undefined, signal: AbortSignal): AsyncIterable<Event>;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Last lines to begin with; all that is kept when left out */
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
}

const LogQuery = z.object({
  source: z.enum(['console', 'vmm']).default('console'),
  follow: z.stringbool().default(false),
  tail: z.coerce.number().int().min(0).optional(),
});

/** The routes of `streams`, less the WebSocket. They do not count as activity: a restart breaks nothing of value. */
export function registerTextStreams(app: Hono, text: TextStreams): void {
  app.get(streams.vmLogs, (c) => {
    const { source, ...options } = logQuery(c);
    return respond(c, 'text/plain; charset=utf-8', (signal) =>
      text.vmLog(c.req.param('vm'), source, { ...options, tail: options.tail, signal }),
    );
  });
  app.get(streams.daemonLogs, (c) => {
    const { follow, tail } = logQuery(c);
    return respond(c, 'text/plain; charset=utf-8', (signal) =>
      text.daemonLog({ follow, tail, signal }),
    );
  });
  app.get(streams.events, (c) =>
    respond(c, 'text/event-stream', (signal) =>
      serverSentEvents(text.events(c.req.header('last-event-id'), signal)),
    ),
  );
}

/** WHATWG HTML, server-sent events: an id that a client can come back with, and the event as JSON. */
async function* serverSentEvents(events: AsyncIterable<Event>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(': banger\n\n');
  for await (const event of events) {
    const { seq, epoch, body } = event;
    yield encoder.encode(
      `id: ${epoch}/${String(seq)}\nevent: ${body.type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  }
}

function respond(
  c: Context,
  contentType: string,
  source: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
): Response {
  const closed = new AbortController();
  const chunks = source(AbortSignal.any([c.req.raw.signal, closed.signal]))[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      closed.abort();
      await chunks.return?.();
    },
  });
  return new Response(body, { headers: { 'content-type': contentType } });
}

function logQuery(c: Context): z.output<typeof LogQuery> {
  const result = LogQuery.safeParse(c.req.query());
  if (result.success) return result.data;
  throw new BangerError(
    'usage.invalid',
    `Cannot read the log: ${result.error.issues[0]?.message ?? 'bad query'}`,
  );
}
