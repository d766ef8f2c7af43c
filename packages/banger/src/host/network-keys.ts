import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import { ipv4Text, isHostIn, parseIpv4, parseIpv4Subnet } from '@banger/protocol/ipv4-subnet';

const NOT_A_LINK =
  'a link\'s name such as "br-banger": at most 15 of a-z, 0-9 and "-", a letter first';
const LinkName = z.string({ error: NOT_A_LINK }).regex(/^[a-z][a-z0-9-]{0,14}$/, {
  error: NOT_A_LINK,
});

const NOT_AN_ADDRESS = 'an IPv4 address such as "172.16.0.1"';
const Ipv4Address = z
  .string({ error: NOT_AN_ADDRESS })
  .refine((text) => parseIpv4(text) !== undefined, { error: NOT_AN_ADDRESS });

const PREFIX = { shortest: 8, longest: 30 } as const;
const NOT_A_SUBNET = 'an IPv4 subnet with a prefix of 8 to 30 bits, such as "172.16.0.0/24"';
const Subnet = z.string({ error: NOT_A_SUBNET }).refine(
  (text) => {
    const prefix = parseIpv4Subnet(text)?.prefix ?? 0;
    return prefix >= PREFIX.shortest && prefix <= PREFIX.longest;
  },
  { error: NOT_A_SUBNET },
);

/** What resolv.conf takes (glibc, MAXNS) */
const MAX_NAME_SERVERS = 3;
const NOT_SERVERS = `up to ${String(MAX_NAME_SERVERS)} IPv4 addresses, in the environment with commas between them`;
const NameServers = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(/\s*,\s*/))], {
    error: NOT_SERVERS,
  })
  .refine(
    (servers) =>
      servers.length <= MAX_NAME_SERVERS &&
      servers.every((server) => parseIpv4(server) !== undefined),
    { error: NOT_SERVERS },
  );

const MAX_POOL = 64;
const NOT_A_POOL = `a whole number up to ${String(MAX_POOL)}, 0 for none`;
const PoolSize = z.coerce
  .number({ error: NOT_A_POOL })
  .pipe(z.int({ error: NOT_A_POOL }).min(0, NOT_A_POOL).max(MAX_POOL, NOT_A_POOL));

/** Keys of the bridge, and whether VMs are on it. */
export const networkKeys = {
  network: { schema: z.enum(['auto', 'user', 'bridge']), fallback: 'auto' },
  bridge_name: { schema: LinkName, fallback: 'br-banger' },
  bridge_ip: { schema: Ipv4Address, fallback: '172.16.0.1' },
  cidr: { schema: Subnet, fallback: '172.16.0.0/24' },
  dns_servers: { schema: NameServers, fallback: undefined },
  tap_pool_size: { schema: PoolSize, fallback: 4 },
} as const;

/** Rejects a bridge whose address is none of its subnet. */
export function checkBridge(
  { bridge_ip: address, cidr }: { readonly bridge_ip: string; readonly cidr: string },
  where: { readonly address: string; readonly subnet: string },
): void {
  const subnet = parseIpv4Subnet(cidr);
  const host = parseIpv4(address);
  if (subnet === undefined || host === undefined || isHostIn(subnet, host)) return;
  throw new BangerError(
    'config.invalid',
    `Cannot use bridge_ip "${address}" (${where.address}) with cidr "${cidr}" (${where.subnet}): it is no host's address of that subnet`,
    { hint: `Set bridge_ip to ${ipv4Text(subnet.first + 1)}` },
  );
}
