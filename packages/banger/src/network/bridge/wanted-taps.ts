import { BangerError } from '@banger/protocol/errors';

import type { BridgePort } from './bridge-port.ts';
import type { Owned } from './find-conflicts.ts';
import { isOf, readTapAlias, saysForwarding, type TapMark } from './marks.ts';
import type { Link } from './read-links.ts';

/** What is asked for, of taps; all others stay as they are. */
export interface Goal {
  readonly ensure: readonly { readonly tap: string; readonly port?: BridgePort | undefined }[];
  readonly remove: readonly string[];
}

/** What is there: every link, and what the kernel says of `net/ipv4/ip_forward`. */
export interface Found {
  readonly links: readonly Link[];
  readonly forwards: boolean;
}

export function isOurTap({ kind, alias }: Link, id: string): boolean {
  return kind === 'tap' && isOf(id, alias);
}

/** Every tap that is to be there, with what is to be written on it. Pure; throws for a name that is somebody else's. */
export function wantedTaps(
  { settings, id }: Owned,
  { links, forwards }: Found,
  goal: Goal,
): ReadonlyMap<string, TapMark> {
  const wanted = new Map<string, TapMark>();
  const blank = { uid: settings.uid, port: undefined, forwarding: false };
  for (const link of links) {
    if (!isOurTap(link, id) || goal.remove.includes(link.name)) continue;
    wanted.set(link.name, readTapAlias(link.name, id, link.alias) ?? blank);
  }
  for (const { tap, port } of goal.ensure) {
    const link = links.find(({ name }) => name === tap);
    if (link !== undefined && !isOurTap(link, id) && !isHalfMade(link)) throw taken(tap);
    const found = wanted.get(tap) ?? blank;
    const uid = link?.isUsed === true ? found.uid : (port?.uid ?? found.uid);
    wanted.set(tap, { ...found, uid, port: port ?? found.port });
  }
  const wasOff = !forwards || links.some(({ alias }) => saysForwarding(alias));
  for (const [tap, mark] of wanted)
    wanted.set(tap, { ...mark, forwarding: wasOff && mark.port?.nat === true });
  return wanted;
}

/** A tap that a caller was killed over before it marked it: nobody uses it, and it is on nothing. */
export function isHalfMade({ kind, alias, master, isUp, isUsed }: Link): boolean {
  return kind === 'tap' && alias === undefined && master === undefined && !isUp && !isUsed;
}

function taken(tap: string): BangerError {
  return new BangerError(
    'host.network_conflict',
    `Cannot use network link "${tap}": it is there and not banger's`,
    { hint: `ip -details link show dev ${tap}, and remove it if nobody needs it` },
  );
}
