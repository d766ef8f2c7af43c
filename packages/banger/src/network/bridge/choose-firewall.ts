import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../host/processes.ts';
import type { Firewall } from './firewall.ts';
import { createNftFirewall } from './nft-firewall.ts';

const DEADLINE_MS = 10_000;

/** nftables where the host has them, in the bridge family, too. Changes nothing. */
export async function chooseFirewall(
  processes: Processes,
  id: string,
  signal: AbortSignal,
): Promise<Firewall> {
  if (await works(processes, ['nft', 'list', 'tables', 'bridge'], signal))
    return createNftFirewall(processes, id);
  throw new BangerError(
    'host.network_unavailable',
    'Cannot make rules for a bridge: this host has no working nftables',
    { hint: 'sudo apt-get install nftables' },
  );
}

async function works(
  processes: Processes,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<boolean> {
  if ((await processes.find(command[0])) === undefined) return false;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  return (await processes.run(command, { signal: limit })).exitCode === 0;
}
