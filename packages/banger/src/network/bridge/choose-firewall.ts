import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../host/processes.ts';
import type { Firewall } from './firewall.ts';
import { createIptablesFirewall } from './iptables-firewall.ts';
import { createNftFirewall } from './nft-firewall.ts';
import { passForward } from './pass-forward.ts';

const DEADLINE_MS = 10_000;

/** nftables where the host has them, in the bridge family, too; otherwise iptables and ebtables. Changes nothing. */
export async function chooseFirewall(
  processes: Processes,
  id: string,
  signal: AbortSignal,
): Promise<Firewall> {
  if (await works(processes, ['nft', 'list', 'tables', 'bridge'], signal))
    return passForward(createNftFirewall(processes, id), processes, id);
  if (await hasIptables(processes, signal)) return createIptablesFirewall(processes, id);
  throw new BangerError(
    'host.network_unavailable',
    'Cannot make rules for a bridge: this host has neither working nftables nor iptables with ebtables',
    { hint: 'sudo apt-get install nftables' },
  );
}

/** ebtables of before nf_tables has no way to add some rules to others in one go. */
async function hasIptables(processes: Processes, signal: AbortSignal): Promise<boolean> {
  for (const program of ['iptables-save', 'iptables-restore', 'ebtables-save', 'ebtables-restore'])
    if ((await processes.find(program)) === undefined) return false;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const { stdout } = await processes.run(['ebtables', '-V'], { signal: limit });
  return stdout.includes('nf_tables');
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
