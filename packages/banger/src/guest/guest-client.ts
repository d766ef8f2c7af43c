import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { explainCall } from './call-errors.ts';
import { AUTHORITY, type Conversation } from './conversation.ts';
import { execInGuest } from './exec-in-guest.ts';
import { GuestService } from './generated/banger/guest/v1/guest_pb.ts';
import type { Guest } from './guest.ts';
import { bootedFrom, infoFrom, readyFrom, statsFrom } from './guest-messages.ts';
import { bootTo, identifiedFrom, identityTo } from './identity-messages.ts';
import { syncGuestClock } from './sync-guest-clock.ts';

/** One message; file contents and output come in many. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** An emulated guest on a busy host may take its time; a dead one is noticed by keepalives anyway. */
const ANSWER_MS = 20_000;
const BOOT_MS = 120_000;
const READY_MS = 600_000;
const SYNC_MS = 120_000;
const IDENTIFY_MS = 60_000;

/** The agent's calls over a conversation, which it owns. */
export function createGuestClient(
  conversation: Conversation,
  agentBuild: string,
  clock: Clock,
): Guest {
  const client = createClient(
    GuestService,
    createConnectTransport({
      baseUrl: AUTHORITY,
      httpVersion: '2',
      sessionManager: conversation,
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
      acceptCompression: [],
    }),
  );
  const { lost } = conversation;

  return {
    agentBuild,
    lost,
    info: (signal) =>
      call('say what it is', signal, ANSWER_MS, async (o) => infoFrom(await client.info({}, o))),
    boot: (request, signal) =>
      call('boot', signal, BOOT_MS, async (o) => {
        return bootedFrom(await client.boot(bootTo(request, clock.now()), o));
      }),
    ready: (signal) =>
      call('start up', signal, READY_MS, async (o) => readyFrom(await client.ready({}, o))),
    stats: (signal) =>
      call('count', signal, ANSWER_MS, async (o) => statsFrom(await client.stats({}, o))),
    sync: (signal, { dropCaches = false } = {}) =>
      call('sync', signal, SYNC_MS, async (o) => {
        await client.sync({ dropCaches }, o);
      }),
    identify: (request, signal) =>
      call('take on its identity', signal, IDENTIFY_MS, async (o) => {
        const sentAt = clock.now();
        const sentMs = clock.monotonicMs();
        const answer = await client.identify({ identity: identityTo(request, sentAt) }, o);
        return identifiedFrom(answer, { sentAt, tookMs: clock.monotonicMs() - sentMs });
      }),
    syncClock: (signal) =>
      call('set its clock', signal, ANSWER_MS, (o) => {
        const adjust = async (adjustNs: bigint) => (await client.clock({ adjustNs }, o)).unixNs;
        return syncGuestClock(adjust, clock);
      }),
    expectSilence: () => conversation.expectSilence(),
    async leave(signal) {
      try {
        await conversation.leave(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
      } catch (error) {
        throw blame(explainCall(error, { verb: 'say goodbye', signal, lost }));
      }
    },
    shutdown: (signal) =>
      call('shut down', signal, ANSWER_MS, async (o) => {
        await client.shutdown({}, o);
      }),
    async exec(request, io, signal) {
      const alive = AbortSignal.any([signal, lost]);
      try {
        return await execInGuest({ client, clock }, { request, io, signal: alive });
      } catch (error) {
        throw blame(explainCall(error, { verb: 'run a command', signal, lost }));
      }
    },
    [Symbol.asyncDispose]: () => conversation[Symbol.asyncDispose](),
  };

  async function call<T>(
    verb: string,
    signal: AbortSignal,
    timeoutMs: number,
    run: (options: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<T>,
  ): Promise<T> {
    const alive = AbortSignal.any([signal, lost]);
    try {
      alive.throwIfAborted();
      return await orAbort(run({ signal: alive, timeoutMs }), alive);
    } catch (error) {
      throw blame(explainCall(error, { verb, signal, lost }));
    }
  }

  /** An agent that broke the protocol once is not believed again. */
  function blame(error: unknown): unknown {
    if (error instanceof BangerError && error.code === 'guest.protocol') conversation.lose(error);
    return error;
  }
}

export type GuestServiceClient = Client<typeof GuestService>;
