import { z } from 'zod';

import type { Processes } from '../../host/processes.ts';
import { isOf } from '../bridge/marks.ts';

/**
 * systemd-resolved routes zones by links, and refuses `lo`; so it gets one that carries nothing. There is one of this
 * name on a host: only one banger at a time can be asked for `.vm`.
 */
export const RESOLVER_LINK = 'banger0';
export const RESOLVER_LINK_PEER = `${RESOLVER_LINK}-peer`;
/** Over a link whose address is not global in scope it asks nobody (tried with 252); no packet ever has it. */
export const RESOLVER_LINK_ADDRESS = '169.254.77.53/32';

export interface ResolverLink {
  readonly alias: string | undefined;
  readonly kind: string | undefined;
  readonly isUp: boolean;
  readonly addresses: readonly string[];
}

/** As `ip -json -details address show` prints it (iproute2, ip/ipaddress.c). */
const Answer = z.array(
  z.object({
    ifalias: z.string().optional(),
    flags: z.array(z.string()).default([]),
    linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
    addr_info: z
      .array(z.object({ local: z.string().optional(), prefixlen: z.int().optional() }))
      .default([]),
  }),
);

/** Undefined when there is none. */
export async function readResolverLink(
  processes: Pick<Processes, 'run'>,
  signal: AbortSignal,
): Promise<ResolverLink | undefined> {
  const show = ['ip', '-json', '-details', 'address', 'show', 'dev', RESOLVER_LINK] as const;
  const { exitCode, stdout } = await processes.run(show, { signal });
  if (exitCode !== 0) return undefined;
  const [link] = Answer.parse(JSON.parse(stdout));
  if (link === undefined) return undefined;
  return {
    alias: link.ifalias,
    kind: link.linkinfo?.info_kind,
    isUp: link.flags.includes('UP'),
    addresses: link.addr_info.map(
      ({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`,
    ),
  };
}

/** Of this banger: marked so, or one that a caller was killed over before it marked it. */
export function isOurLink(id: string, { alias, kind, isUp, addresses }: ResolverLink): boolean {
  const isHalfMade = alias === undefined && !isUp && addresses.length === 0;
  return isOf(id, alias) || (isHalfMade && (kind === 'dummy' || kind === 'veth'));
}
