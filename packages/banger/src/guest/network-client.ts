import { createClient } from '@connectrpc/connect';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import { brokenConnection, dialDisorder, DialedStream, type DialMessage } from './dialed-stream.ts';
import {
  type DialFailure,
  DialFailure_Reason as Reason,
  type DialResponse,
  NetworkService,
} from './generated/banger/guest/v1/network_pb.ts';
import { ANSWER_MS, type GuestCalls } from './guest-calls.ts';
import { describeTarget, type DialTarget, type GuestNetwork } from './guest-network.ts';
import { listenersFrom, schemesFrom } from './listener-messages.ts';
import { Outbox } from './outbox.ts';

/** The agent gives each listener up to about 5 s, and asks 8 at a time. */
const PROBE_MS = 60_000;

/** The agent's `NetworkService`. */
export function createNetworkClient(calls: GuestCalls): GuestNetwork {
  const client = createClient(NetworkService, calls.transport);
  return {
    dial(target, signal) {
      const verb = `connect to ${describeTarget(target)}`;
      return calls.stream(verb, signal, async (alive) => {
        const over = new AbortController();
        const outbox = new Outbox<DialMessage>();
        void outbox.put({ kind: { case: 'target', value: targetTo(target) } });
        const { signal: wanted } = over;
        const responses = client.dial(outbox, { signal: wanted })[Symbol.asyncIterator]();
        try {
          const soon = AbortSignal.any([alive, AbortSignal.timeout(ANSWER_MS)]);
          checkConnected(await orAbort(responses.next(), soon), target);
        } catch (error) {
          over.abort(error);
          throw error;
        }
        const explain = (error: unknown) => calls.explain(error, verb, wanted);
        return new DialedStream({ outbox, responses, over, explain, lost: calls.lost });
      });
    },
    async *watchListeners(signal) {
      const alive = AbortSignal.any([signal, calls.lost]);
      try {
        alive.throwIfAborted();
        for await (const list of client.watchListeners({}, { signal: alive })) yield listenersFrom(list);
      } catch (error) {
        throw calls.explain(error, 'say what listens', signal);
      }
    },
    probe: (targets, signal) =>
      calls.call('probe its listeners', { signal, timeoutMs: PROBE_MS }, async (options) => {
        const asked = targets.map(({ port, address = '' }) => ({ port, address }));
        return schemesFrom(await client.probe({ targets: asked }, options), targets.length);
      }),
  };
}

function targetTo(target: DialTarget) {
  if (target.kind === 'unix') return { kind: { case: 'unixPath', value: target.path } } as const;
  const { port, address = '' } = target;
  return { kind: { case: 'tcp', value: { port, address } } } as const;
}

function checkConnected(first: IteratorResult<DialResponse>, target: DialTarget): void {
  if (first.done === true) throw dialDisorder('it ended before it began');
  const { kind } = first.value;
  if (kind.case === 'connected') return;
  throw kind.case === 'failure' ? failureOf(kind.value, target) : dialDisorder('it has no beginning');
}

function failureOf({ reason, message }: DialFailure, target: DialTarget): BangerError {
  const where = describeTarget(target);
  switch (reason) {
    case Reason.REFUSED:
      return new BangerError(
        'guest.port_closed',
        `Cannot connect to ${where}: nothing in the guest listens there`,
        { hint: 'banger vm ports' },
      );
    case Reason.BAD_TARGET:
      return new BangerError('usage.invalid', `Cannot connect to ${where}: it is no such place`);
    case Reason.BROKEN:
      return brokenConnection(message);
    case Reason.UNSPECIFIED:
    default:
      return dialDisorder(`its failure has the unknown reason ${String(reason)}`);
  }
}
