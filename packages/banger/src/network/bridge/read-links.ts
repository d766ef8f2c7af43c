import { z } from 'zod';

import type { Ip } from './ip-program.ts';

/** A link of the host, as far as bridges are concerned. */
export interface Link {
  readonly name: string;
  /** `bridge`, `tap`, `veth`, …; none of a card */
  readonly kind: string | undefined;
  readonly alias: string | undefined;
  readonly mac: string | undefined;
  readonly isUp: boolean;
  /** Of a tap: somebody has it open */
  readonly isUsed: boolean;
  /** The bridge it is on */
  readonly master: string | undefined;
  readonly isolated: boolean;
  /** The bridge takes the tap's MAC addresses from what comes; not once it was told them */
  readonly learning: boolean;
  /** IPv4, `172.16.0.1/24` */
  readonly addresses: readonly string[];
}

/** As `ip -json -details address show` prints them (iproute2, ip/ipaddress.c). */
const Answer = z.array(
  z.object({
    ifname: z.string().optional(), // 6.1 prints an empty object for what went while it looked.
    ifalias: z.string().optional(),
    address: z.string().optional(),
    flags: z.array(z.string()).default([]),
    master: z.string().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z.looseObject({ type: z.string().optional() }).optional(),
        info_slave_data: z
          .looseObject({ isolated: z.boolean().optional(), learning: z.boolean().optional() })
          .optional(),
      })
      .optional(),
    addr_info: z
      .array(
        z.object({
          family: z.string().optional(),
          local: z.string().optional(),
          prefixlen: z.int().optional(),
        }),
      )
      .default([]),
  }),
);

export async function readLinks(ip: Ip, signal: AbortSignal): Promise<readonly Link[]> {
  const answer = Answer.parse(await ip.json(['-details', 'address', 'show'], signal));
  return answer.flatMap(({ ifname, ifalias, address, flags, master, linkinfo, addr_info }) => {
    if (ifname === undefined) return [];
    const kind = linkinfo?.info_kind;
    return {
      name: ifname,
      kind: kind === 'tun' ? (linkinfo?.info_data?.type ?? kind) : kind,
      alias: ifalias,
      mac: address,
      isUp: flags.includes('UP'),
      isUsed: flags.includes('LOWER_UP'),
      master,
      isolated: linkinfo?.info_slave_data?.isolated === true,
      learning: linkinfo?.info_slave_data?.learning !== false,
      addresses: addr_info
        .filter(({ family }) => family === 'inet')
        .map(({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`),
    };
  });
}
