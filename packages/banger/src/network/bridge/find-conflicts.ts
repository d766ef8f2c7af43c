import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import type { BridgeSettings } from './bridge-host.ts';
import type { Ip } from './ip-program.ts';
import { overlaps, parseSubnet } from './ip-subnet.ts';
import { bridgeMac, isBangers, isOf } from './marks.ts';
import type { Link } from './read-links.ts';

export interface Owned {
  readonly settings: BridgeSettings;
  readonly id: string;
}

/** A link of our bridge's name that is not ours. Pure. */
export function bridgeConflict(
  { settings, id }: Owned,
  bridge: Link | undefined,
): BangerError | undefined {
  if (bridge === undefined || isOf(id, bridge.alias)) return undefined;
  // One that a caller was killed over before it marked it.
  const { kind, alias, mac, addresses } = bridge;
  const isBlank = alias === undefined && addresses.length === 0;
  if (kind === 'bridge' && isBlank && mac === bridgeMac(settings.address)) return undefined;
  const whose = isBangers(alias) ? `another banger's ("${String(alias)}")` : "not banger's";
  return conflict(
    settings,
    `there is a link of this name, and it is ${whose}`,
    'bridge_name = "br-banger1"',
  );
}

const Routes = z.array(z.looseObject({ dst: z.string().optional(), dev: z.string().optional() }));

/** Routes this wide are ways out of everything, as the default route is: VPNs have such ones */
const WIDEST_PREFIX = 2;

const FREE_SUBNET = 'cidr = "172.29.0.0/24" and bridge_ip = "172.29.0.1", or another free subnet,';

/** What of others is where the bridge's subnet would be. */
export async function subnetConflicts(
  { settings }: Owned,
  links: readonly Link[],
  { ip, signal }: { readonly ip: Ip; readonly signal: AbortSignal },
): Promise<readonly BangerError[]> {
  const subnet = parseSubnet(settings.subnet);
  if (subnet === undefined) throw new Error(`"${settings.subnet}" is no subnet`);
  const isInTheWay = (text: string) => {
    const other = parseSubnet(text);
    return other !== undefined && other.prefix >= WIDEST_PREFIX && overlaps(other, subnet);
  };
  const addresses = links
    .filter(({ name }) => name !== settings.name)
    .flatMap(({ name, addresses: own }) =>
      own
        .filter(isInTheWay)
        .map((address) => `${name} has address ${address}, which overlaps ${settings.subnet}`),
    );
  const routes = Routes.parse(await ip.json(['-4', 'route', 'show', 'table', 'main'], signal))
    .filter(({ dst = '', dev }) => dev !== settings.name && isInTheWay(dst))
    .map(
      ({ dst, dev }) =>
        `${String(dst)} is routed ${dev === undefined ? 'nowhere' : `over ${dev}`}, which overlaps ${settings.subnet}`,
    );
  return [...new Set([...addresses, ...routes])].map((why) => conflict(settings, why, FREE_SUBNET));
}

function conflict({ name }: BridgeSettings, why: string, keys: string): BangerError {
  return new BangerError('host.network_conflict', `Cannot make bridge "${name}": ${why}`, {
    hint: `Set ${keys} in ~/.config/banger/config.toml, then run banger daemon restart`,
  });
}
