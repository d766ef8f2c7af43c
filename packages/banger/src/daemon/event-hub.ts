import type { Event, EventBody } from '@banger/protocol/events';

import type { Clock } from '../host/clock.ts';

/** How many past events a client can ask for again. */
const KEPT_EVENTS = 1000;

export interface EventHub {
  emit(body: EventBody, operation?: string): void;
  /** What is kept after the event `after` ("<epoch>/<seq>"), then what comes, until `signal` aborts */
  follow(after: string | undefined, signal: AbortSignal): AsyncGenerator<Event>;
}

/** Numbers the events of one daemon (its epoch) and keeps the last ones, so that a client can resume. */
export function createEventHub(clock: Clock, epoch: string): EventHub {
  const kept: Event[] = [];
  let seq = 0;
  let next = Promise.withResolvers<undefined>();

  return {
    emit(body, operation) {
      seq += 1;
      const at = clock.now().toISOString();
      kept.push({ seq, epoch, at, body, ...(operation === undefined ? {} : { operation }) });
      if (kept.length > KEPT_EVENTS) kept.shift();
      next.resolve(undefined);
      next = Promise.withResolvers();
    },
    async *follow(after, signal) {
      let seen = after === undefined ? seq : seqIn(after, epoch);
      const aborted = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => aborted.resolve(undefined), { once: true });
      while (!signal.aborted) {
        const waiting = next.promise;
        for (const event of kept.filter((candidate) => candidate.seq > seen)) {
          yield event;
          seen = event.seq;
        }
        await Promise.race([waiting, aborted.promise]);
      }
    },
  };
}

/** Another daemon's number says nothing here: everything that is kept is new to that client. */
function seqIn(after: string, epoch: string): number {
  const [theirEpoch, number] = after.split('/');
  return theirEpoch === epoch ? Number(number) || 0 : 0;
}
