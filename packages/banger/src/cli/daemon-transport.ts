import { BangerError } from '@banger/protocol/errors';
import { BUILD_HEADER } from '@banger/protocol/streams';
import type { Transport, TransportRequest, TransportResponse } from '@banger/sdk/transport';

import { isOlderBuild } from './older-build.ts';
import type { BuildInfo } from '../build-info.ts';

export interface DaemonKeeper {
  readonly build: BuildInfo;
  /** Resolves when a daemon serves. */
  start(signal: AbortSignal): Promise<void>;
  /** Replaces a daemon that is older than this program, unless it is busy; true when it did. */
  replace(signal: AbortSignal): Promise<boolean>;
}

/**
 * A transport that starts the daemon when there is none, and replaces one that an older banger left running. The age
 * comes with every answer, so the usual request costs nothing extra: one that may be sent again is, to the new daemon;
 * only before the others the daemon is asked, once.
 */
export function keepDaemon(transport: Transport, keeper: DaemonKeeper): Transport {
  let isSettled = keeper.build.time === 0;
  /** A daemon that answered once and is gone was stopped or crashed: that is to be reported, not hidden. */
  let isMet = false;

  async function reach(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    try {
      const response = await transport.request(request, signal);
      isMet = true;
      return response;
    } catch (error) {
      if (isMet || !isNotRunning(error)) throw error;
      await keeper.start(signal);
      [isMet, isSettled] = [true, true];
      return await transport.request(request, signal);
    }
  }

  /** True when there is another daemon now. */
  async function settle(answer: TransportResponse, signal: AbortSignal): Promise<boolean> {
    isSettled = true;
    return isOlderBuild(answer.header(BUILD_HEADER), keeper.build) && keeper.replace(signal);
  }

  return {
    address: transport.address,
    async request(request, signal) {
      if (!isSettled && !request.repeatable) {
        const probe = await reach(daemonProbe(request), signal);
        probe.close();
        await settle(probe, signal);
      }
      const response = await reach(request, signal);
      if (isSettled || !(await settle(response, signal))) return response;
      response.close();
      return await reach(request, signal);
    },
    openSocket: (request, signal) => transport.openSocket(request, signal),
    expectSocket: () => transport.expectSocket?.(),
    close: () => transport.close(),
  };
}

/** Only these two mean that nobody is there. */
export function isNotRunning(error: unknown): boolean {
  if (!(error instanceof BangerError) || error.code !== 'daemon.unreachable') return false;
  return error.details['reason'] === 'absent' || error.details['reason'] === 'refused';
}

function daemonProbe({ headers }: TransportRequest): TransportRequest {
  return { method: 'GET', path: '/v1/daemon', headers: probeHeaders(headers), repeatable: true };
}

function probeHeaders(headers: TransportRequest['headers']): TransportRequest['headers'] {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('content-'));
  return { ...Object.fromEntries(own), accept: 'application/json' };
}
