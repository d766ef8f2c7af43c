import { createServer } from 'node:http2';
import type { Duplex } from 'node:stream';

import { connectNodeAdapter } from '@connectrpc/connect-node';

import { connectFakeGuest, type FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { BuildService } from '../../packages/banger/src/guest/generated/banger/guest/v1/build_pb.ts';
import {
  GuestService,
  Phase,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/guest_pb.ts';
import { FilesService } from '../../packages/banger/src/guest/generated/banger/guest/v1/files_pb.ts';
import { NetworkService } from '../../packages/banger/src/guest/generated/banger/guest/v1/network_pb.ts';
import { SessionsService } from '../../packages/banger/src/guest/generated/banger/guest/v1/sessions_pb.ts';
import { WorkspaceService } from '../../packages/banger/src/guest/generated/banger/guest/v1/workspace_pb.ts';
import { serveLayer } from './stand-in-builds.ts';
import { serveDial } from './stand-in-dial.ts';
import { serveListeners, serveProbe } from './stand-in-listeners.ts';
import { serveExec } from './stand-in-exec.ts';
import { serveGet, servePut } from './stand-in-files.ts';
import { refusing } from './stand-in-failures.ts';
import { serveSessions } from './stand-in-sessions.ts';
import { serveShips } from './stand-in-ships.ts';
import { bootFrom, identityFrom, saidBy } from './stand-in-identity.ts';

/** The agent's end of the protocol in front of a fake guest: what it says is real HTTP/2 and Connect. */
export async function serveStandIn(stream: Duplex, guest: FakeGuest): Promise<void> {
  await awaitGreeting(stream, guest.agentBuild);
  const service = connectFakeGuest(guest, stream);
  const handler = connectNodeAdapter({
    routes: ({ service: add }) => {
      add(WorkspaceService, serveShips(service));
      add(NetworkService, {
        dial: (requests, { signal }) => serveDial(service, requests, signal),
        watchListeners: (_request, { signal }) => serveListeners(service, signal),
        probe: ({ targets }, { signal }) => serveProbe(service, targets, signal),
      });
      add(BuildService, { takeLayer: (_request, { signal }) => serveLayer(service, signal) });
      add(FilesService, {
        putTree: (requests, { signal }) => servePut(service, requests, signal),
        getTree: (request, { signal }) => serveGet(service, request, signal),
      });
      add(SessionsService, serveSessions(service));
      add(GuestService, {
        info: async (_request, { signal }) => {
          const info = await service.info(signal);
          return { ...info, phase: phases[info.phase], uptimeNs: 1n };
        },
        boot: async (request, { signal }) => {
          const booted = await refusing(service.boot(bootFrom(request), signal));
          return { bootId: booted.bootId, stages: [{ name: 'root', durationNs: 1_000_000n }] };
        },
        ready: async (_request, { signal }) => {
          const { state, failedUnits } = await refusing(service.ready(signal));
          return { state, failedUnits: [...failedUnits] };
        },
        exec: (requests, { signal }) => serveExec(service, requests, signal),
        stats: async (_request, { signal }) => {
          const stats = await service.stats(signal);
          return {
            memoryTotalBytes: BigInt(stats.memoryTotalBytes),
            memoryAvailableBytes: BigInt(stats.memoryAvailableBytes),
            processCount: stats.processCount,
          };
        },
        sync: async ({ dropCaches }, { signal }) => {
          await service.sync(signal, { dropCaches });
          return {};
        },
        identify: async ({ identity }, { signal }) =>
          saidBy(await refusing(service.identify(identityFrom(identity), signal))),
        clock: ({ adjustNs }) => {
          guest.clockOffsetMs += Number(adjustNs) / 1e6;
          return { unixNs: BigInt(Math.round((Date.now() + guest.clockOffsetMs) * 1e6)) };
        },
        shutdown: async (_request, { signal }) => {
          await service.shutdown(signal);
          return {};
        },
      });
    },
  });
  const server = createServer({ settings: { initialWindowSize: 1024 * 1024 } }, handler);
  server.on('sessionError', () => stream.destroy());
  server.emit('connection', stream);
}

const phases = {
  initrd: Phase.INITRD,
  booting: Phase.BOOTING,
  booted: Phase.BOOTED,
  stopping: Phase.STOPPING,
} as const;

/** Answers the first greeting and leaves the stream where HTTP/2 begins. */
export async function awaitGreeting(stream: Duplex, agentBuild: string): Promise<void> {
  let held = '';
  let answered = false;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const onData = (chunk: Buffer) => {
    held += chunk.toString('latin1');
    const nonce = /BANGER\/1 ([0-9a-f]{32})\n/.exec(held)?.[1];
    if (nonce !== undefined && !answered) {
      answered = true;
      stream.write(`BANGER/1 OK ${nonce} ${agentBuild}\n`);
    }
    const preface = held.indexOf('PRI * HTTP/2.0');
    if (preface === -1) return;
    stream.off('data', onData).pause();
    stream.unshift(Buffer.from(held.slice(preface), 'latin1'));
    resolve(undefined);
  };
  stream.on('error', () => undefined);
  stream.on('data', onData);
  return promise;
}
