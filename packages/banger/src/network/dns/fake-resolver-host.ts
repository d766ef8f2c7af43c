import { BangerError } from '@banger/protocol/errors';
import { hostPortText } from '@banger/protocol/host-port';

import type { ResolverHost } from './resolver-host.ts';

/** The part of a host that outlives its callers: give one to two fakes to play two of them. */
export interface FakeResolver {
  /** The link by which it is told: whose it is, and what was said by it */
  link: { owner: string; at: string | undefined } | undefined;
  /** Rejects whatever it is told while it is not running */
  isRunning: boolean;
}

export function createFakeResolver(): FakeResolver {
  return { link: undefined, isRunning: true };
}

/** Keeps what systemd-resolved would keep and refuses what the real one refuses. */
export function createFakeResolverHost(
  owner: string,
  resolver = createFakeResolver(),
): ResolverHost & { readonly resolver: FakeResolver } {
  const answer = async <Value>(signal: AbortSignal, work: () => Value): Promise<Value> => {
    await Promise.resolve();
    signal.throwIfAborted();
    return work();
  };
  const isOurs = () => resolver.link?.owner === owner;
  return {
    resolver,
    isRouted: (at, signal) =>
      answer(
        signal,
        () => isOurs() && resolver.isRunning && resolver.link?.at === hostPortText(at),
      ),
    route: (at, signal) =>
      answer(signal, () => {
        if (resolver.link !== undefined && !isOurs())
          throw new BangerError('host.network_conflict', 'Cannot route names: the link is taken', {
            hint: 'ip -details link show dev banger0',
          });
        resolver.link = resolver.isRunning ? { owner, at: hostPortText(at) } : undefined;
        if (!resolver.isRunning)
          throw new BangerError('host.network_unavailable', 'Cannot route names: it is not there', {
            hint: 'resolvectl status',
          });
      }),
    unroute: (signal) =>
      answer(signal, () => {
        if (isOurs()) resolver.link = undefined;
      }),
  };
}
