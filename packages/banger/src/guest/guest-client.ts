import { createClient } from '@connectrpc/connect';

import type { Clock } from '../host/clock.ts';
import type { Conversation } from './conversation.ts';
import { createBuildsClient } from './builds-client.ts';
import { execInGuest } from './exec-in-guest.ts';
import { createFilesClient } from './files-client.ts';
import { GuestService } from './generated/banger/guest/v1/guest_pb.ts';
import type { Guest } from './guest.ts';
import { ANSWER_MS, GuestCalls } from './guest-calls.ts';
import { bootedFrom, infoFrom, readyFrom, statsFrom } from './guest-messages.ts';
import { bootTo, identifiedFrom, identityTo } from './identity-messages.ts';
import { createNetworkClient } from './network-client.ts';
import { createSessionsClient } from './sessions-client.ts';
import { syncGuestClock } from './sync-guest-clock.ts';
import { createWorkspacesClient } from './workspaces-client.ts';

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
  const calls = new GuestCalls(conversation, clock);
  const client = createClient(GuestService, calls.transport);
  const { lost } = conversation;

  return {
    agentBuild,
    lost,
    info: (signal) =>
      calls.call('say what it is', { signal, timeoutMs: ANSWER_MS }, async (o) => infoFrom(await client.info({}, o))),
    boot: (request, signal) =>
      calls.call('boot', { signal, timeoutMs: BOOT_MS }, async (o) => {
        return bootedFrom(await client.boot(bootTo(request, clock.now()), o));
      }),
    ready: (signal) =>
      calls.call('start up', { signal, timeoutMs: READY_MS }, async (o) => readyFrom(await client.ready({}, o))),
    stats: (signal) =>
      calls.call('count', { signal, timeoutMs: ANSWER_MS }, async (o) => statsFrom(await client.stats({}, o))),
    sync: (signal, { dropCaches = false } = {}) =>
      calls.call('sync', { signal, timeoutMs: SYNC_MS }, async (o) => {
        await client.sync({ dropCaches }, o);
      }),
    identify: (request, signal) =>
      calls.call('take on its identity', { signal, timeoutMs: IDENTIFY_MS }, async (o) => {
        const sentAt = clock.now();
        const sentMs = clock.monotonicMs();
        const answer = await client.identify({ identity: identityTo(request, sentAt) }, o);
        return identifiedFrom(answer, { sentAt, tookMs: clock.monotonicMs() - sentMs });
      }),
    syncClock: (signal) =>
      calls.call('set its clock', { signal, timeoutMs: ANSWER_MS }, (o) => {
        const adjust = async (adjustNs: bigint) => (await client.clock({ adjustNs }, o)).unixNs;
        return syncGuestClock(adjust, clock);
      }),
    expectSilence: () => conversation.expectSilence(),
    leave: (signal) =>
      calls.stream('say goodbye', signal, (alive) =>
        conversation.leave(AbortSignal.any([alive, AbortSignal.timeout(ANSWER_MS)])),
      ),
    shutdown: (signal) =>
      calls.call('shut down', { signal, timeoutMs: ANSWER_MS }, async (o) => {
        await client.shutdown({}, o);
      }),
    exec: (request, io, signal) =>
      calls.stream('run a command', signal, (alive) =>
        execInGuest({ client, clock }, { request, io, signal: alive }),
      ),
    network: createNetworkClient(calls),
    files: createFilesClient(calls),
    sessions: createSessionsClient(calls),
    workspaces: createWorkspacesClient(calls),
    builds: createBuildsClient(calls),
    [Symbol.asyncDispose]: () => conversation[Symbol.asyncDispose](),
  };
}

