import { Event } from '@banger/protocol/events';
import { streams } from '@banger/protocol/streams';

import type { Caller } from './caller.ts';
import { checkShape } from './check-answer.ts';
import { readLines } from './read-text.ts';

export interface EventOptions {
  /** Start after this event, which a former stream delivered last */
  readonly after?: Pick<Event, 'epoch' | 'seq'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What happens from now on (or since `after`), until the signal aborts. Leaving the loop closes the connection. */
export async function* followEvents(
  caller: Caller,
  { after, signal }: EventOptions,
): AsyncGenerator<Event, void> {
  const resume =
    after === undefined ? {} : { 'last-event-id': `${after.epoch}/${String(after.seq)}` };
  const headers = { accept: 'text/event-stream', ...resume };
  const response = await caller.stream(streams.events, headers, { signal });
  try {
    for await (const line of readLines(response.body)) {
      // Each of our events is one `data:` line; ids are inside it, comments keep the connection alive.
      if (line.startsWith('data:')) yield checkShape(Event, JSON.parse(line.slice(5)), 'events');
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    response.close();
  }
}
