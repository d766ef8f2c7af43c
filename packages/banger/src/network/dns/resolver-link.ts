import type { Ip } from '../bridge/ip-program.ts';
import { isOf } from '../bridge/marks.ts';
import { readLinks, type Link } from '../bridge/read-links.ts';

/**
 * systemd-resolved routes zones by links, and refuses `lo`; so it gets one that carries nothing. There is one of this
 * name on a host: only one banger at a time can be asked for `.vm`.
 */
export const RESOLVER_LINK = 'banger0';
export const RESOLVER_LINK_PEER = `${RESOLVER_LINK}-peer`;
/** Over a link whose address is not global in scope it asks nobody (tried with 252); no packet ever has it. */
export const RESOLVER_LINK_ADDRESS = '169.254.77.53/32';

/** Undefined when there is none. */
export async function readResolverLink(ip: Ip, signal: AbortSignal): Promise<Link | undefined> {
  return (await readLinks(ip, signal)).find(({ name }) => name === RESOLVER_LINK);
}

/** Of this banger: marked so, or one that a caller was killed over before it marked it. */
export function isOurLink(id: string, { alias, kind, isUp, addresses }: Link): boolean {
  const isHalfMade = alias === undefined && !isUp && addresses.length === 0;
  return isOf(id, alias) || (isHalfMade && (kind === 'dummy' || kind === 'veth'));
}
