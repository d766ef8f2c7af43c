import { BangerError } from '@banger/protocol/errors';
import { hostPortText, type HostPort } from '@banger/protocol/host-port';

import type { Command, Processes } from '../../host/processes.ts';
import { createIp } from '../bridge/ip-program.ts';
import { ownerId, resolverAlias } from '../bridge/marks.ts';
import type { Link } from '../bridge/read-links.ts';
import type { ResolverHost } from './resolver-host.ts';
import {
  isOurLink,
  readResolverLink,
  RESOLVER_LINK as LINK,
  RESOLVER_LINK_ADDRESS as ADDRESS,
  RESOLVER_LINK_PEER as PEER,
} from './resolver-link.ts';
import { ZONE } from './zone.ts';

export interface ResolvedHostParts {
  readonly processes: Processes;
  /** One banger's state directory; a hash of it is on the link, so that it is known again */
  readonly owner: string;
}

const DEADLINE_MS = 10_000;
/** Other callers may make or remove the link meanwhile. */
const ATTEMPTS = 3;

/** systemd-resolved, by resolvectl(1); to change what it does needs root's rights over the network. */
export function createResolvedHost({ processes, owner }: ResolvedHostParts): ResolverHost {
  const id = ownerId(owner);
  const run = (command: Command, signal: AbortSignal) =>
    processes.run(command, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
  const must = async (command: Command, signal: AbortSignal) => {
    const { exitCode, stderr } = await run(command, signal);
    if (exitCode !== 0) throw new Error(`"${command.join(' ')}" failed: ${stderr.trim()}`);
  };
  const ip = createIp(processes);
  const look = (signal: AbortSignal) => readResolverLink(ip, signal);

  const isRouted = async (at: HostPort, signal: AbortSignal) => {
    const link = await look(signal);
    if (link === undefined || !isReady(id, link)) return false;
    const said = Object.entries(settingsOf(at)).map(async ([verb, value]) => {
      const { exitCode, stdout } = await run(['resolvectl', verb, LINK], signal);
      return exitCode === 0 && valueOf(stdout) === value;
    });
    return (await Promise.all(said)).every(Boolean);
  };
  const attempt = async (at: HostPort, signal: AbortSignal) => {
    if ((await look(signal)) === undefined) await addLink(signal);
    await run(['ip', 'link', 'set', PEER, 'up'], signal); // There is none of a dummy.
    for (const command of linkCommands(id)) await must(command, signal);
    // What is looked at comes last: where it is right, all is.
    for (const [verb, value] of Object.entries({ ...PLAIN, ...settingsOf(at) }))
      await must(['resolvectl', verb, LINK, value], signal);
  };
  /** Not every kernel has both kinds; of a pair, one end is all we use, and both go together. */
  const addLink = async (signal: AbortSignal) => {
    const dummy = await run(['ip', 'link', 'add', LINK, 'type', 'dummy'], signal);
    if (dummy.exitCode === 0) return;
    await must(['ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', PEER], signal);
  };
  const unroute = async (signal: AbortSignal) => {
    const link = await look(signal);
    if (link === undefined || !isOurLink(id, link)) return;
    await run(['ip', 'link', 'delete', LINK], signal); // One that is gone meanwhile is as good.
  };

  return {
    isRouted,
    unroute,
    async route(at, signal) {
      if (await isRouted(at, signal)) return;
      for (let left = ATTEMPTS; ; left -= 1) {
        const link = await look(signal);
        if (link !== undefined && !mayBeTaken(id, link)) throw taken(link);
        try {
          await attempt(at, signal);
          return;
        } catch (cause) {
          if (left > 1 && !signal.aborted) continue;
          await unroute(AbortSignal.timeout(DEADLINE_MS));
          signal.throwIfAborted();
          throw cannot(cause);
        }
      }
    },
  };
}

/** Set and looked at. */
function settingsOf(at: HostPort): Readonly<Record<string, string>> {
  return { 'default-route': 'no', dns: hostPortText(at), domain: `~${ZONE}` };
}

/** Our server signs nothing and speaks no TLS, whatever the host wants of others. */
const PLAIN = { dnssec: 'no', dnsovertls: 'no' } as const;

function linkCommands(id: string): readonly Command[] {
  return [
    ['ip', 'link', 'set', LINK, 'alias', resolverAlias(id)],
    ['ip', 'address', 'replace', ADDRESS, 'dev', LINK],
    ['ip', 'link', 'set', LINK, 'up'],
  ];
}

function isReady(id: string, link: Link): boolean {
  return link.alias === resolverAlias(id) && link.isUp && link.addresses.includes(ADDRESS);
}

/** `Link 4 (banger0): 127.0.0.1:5353` */
function valueOf(line: string): string {
  return line.slice(line.indexOf('):') + 2).trim();
}

/** Ours, and what somebody made by hand for the same: with our address, and nobody's mark on it */
function mayBeTaken(id: string, link: Link): boolean {
  return isOurLink(id, link) || (link.alias === undefined && link.addresses.includes(ADDRESS));
}

function taken({ alias }: Link): BangerError {
  const whose = alias === undefined ? "it is not banger's" : `it says "${alias}"`;
  return new BangerError(
    'host.network_conflict',
    `Cannot have systemd-resolved ask for names of VMs: there is a network link ${LINK}, and ${whose}`,
    { hint: `ip -details link show dev ${LINK}, and remove it if nobody needs it` },
  );
}

function cannot(cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BangerError(
    'host.network_unavailable',
    `Cannot have systemd-resolved ask for names of VMs: ${why}`,
    { cause, hint: 'resolvectl status' },
  );
}
