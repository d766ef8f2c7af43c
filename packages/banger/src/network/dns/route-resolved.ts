import { hostPortText, type HostPort } from '@banger/protocol/host-port';
import { z } from 'zod';

import type { Command, Processes } from '../../host/processes.ts';
import { ZONE } from './zone.ts';

/** systemd-resolved routes zones by links, and refuses `lo`; so it gets one that carries nothing. */
const LINK = 'banger0';
const PEER = `${LINK}-peer`;
/** Over a link whose address is not global in scope it asks nobody (tried with 252); no packet ever has it. */
const ADDRESS = '169.254.77.53/32';
const DEADLINE_MS = 10_000;

export interface RouteParts {
  readonly processes: Processes;
  /** Of this banger; written on the link, so that no other banger takes it away */
  readonly owner: string;
  readonly signal: AbortSignal;
}

/**
 * Has systemd-resolved ask our server for names of VMs, and no other names. Needs root. Disposing undoes it. Rejects when
 * it cannot be, and then has undone what it did; a link that is not ours is left alone.
 */
export async function routeResolved(at: HostPort, parts: RouteParts): Promise<AsyncDisposable> {
  const { owner } = parts;
  const found = await run(parts, ['ip', '-json', 'link', 'show', 'dev', LINK]);
  if (found.exitCode === 0) {
    const whose = ownerOf(found.stdout);
    if (whose !== undefined && whose !== owner)
      throw new Error(`the network link ${LINK} is somebody else's`);
    await removeLink(parts.processes); // A daemon that was killed has left it, maybe before it was marked.
  }
  await addLink(parts); // One that somebody made meanwhile is not ours to remove.
  try {
    await run(parts, ['ip', 'link', 'set', PEER, 'up']); // There is none of a dummy.
    for (const command of setUp(at, owner)) await must(parts, command);
  } catch (error) {
    await removeLink(parts.processes);
    throw error;
  }
  return { [Symbol.asyncDispose]: () => removeLink(parts.processes) };
}

const Links = z.array(z.object({ ifalias: z.string().optional() }));

/** As it is written on the link; none on one that was just made. */
function ownerOf(json: string): string | undefined {
  return Links.parse(JSON.parse(json))[0]?.ifalias;
}

/** Not every kernel has both kinds; of a pair, one end is all we use, and both go together. */
async function addLink(parts: RouteParts): Promise<void> {
  const dummy = await run(parts, ['ip', 'link', 'add', LINK, 'type', 'dummy']);
  if (dummy.exitCode === 0) return;
  await must(parts, ['ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', PEER]);
}

function setUp(at: HostPort, owner: string): readonly Command[] {
  return [
    ['ip', 'link', 'set', LINK, 'alias', owner],
    ['ip', 'address', 'add', ADDRESS, 'dev', LINK],
    ['ip', 'link', 'set', LINK, 'up'],
    ['resolvectl', 'dns', LINK, hostPortText(at)],
    ['resolvectl', 'domain', LINK, `~${ZONE}`],
    ['resolvectl', 'default-route', LINK, 'no'],
  ];
}

async function removeLink(processes: Processes): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  await run({ processes, signal }, ['ip', 'link', 'delete', LINK]); // One that is not there is as good.
}

async function must(
  parts: Pick<RouteParts, 'processes' | 'signal'>,
  command: Command,
): Promise<void> {
  const { exitCode, stderr } = await run(parts, command);
  if (exitCode !== 0) throw new Error(`"${command.join(' ')}" failed: ${stderr.trim()}`);
}

function run(
  { processes, signal }: Pick<RouteParts, 'processes' | 'signal'>,
  command: Command,
): ReturnType<Processes['run']> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  return processes.run(command, { signal: limit });
}
