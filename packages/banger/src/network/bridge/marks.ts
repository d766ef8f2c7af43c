/**
 * What is written on our links, as their alias: whose they are, and of a tap, what its guest may. So whoever comes later
 * knows all that there is to know from the links alone.
 *
 *     bridge  banger 1a2b3c4d forwarding
 *     tap     banger 1a2b3c4d uid=0
 *     tap     banger 1a2b3c4d uid=0 172.16.0.17 02:ba:ac:10:00:11 nat open forwarding
 *     banger0 banger 1a2b3c4d names
 */
import { createHash } from 'node:crypto';

import { macOfIpv4, parseIpv4 } from '@banger/protocol/ipv4-subnet';

import { BridgePort } from './bridge-port.ts';

export interface TapMark {
  readonly uid: number;
  /** None: its guest reaches nothing yet */
  readonly port: BridgePort | undefined;
  /** The host did not forward before a guest with NAT came, and is not to when the last has gone */
  readonly forwarding: boolean;
}

/** Of one banger among others on the host: 8 hex digits. */
export function ownerId(owner: string): string {
  return createHash('sha256').update(owner).digest('hex').slice(0, 8);
}

/** `forwarding`: as on a tap, and until it is switched off again, whichever taps have gone meanwhile */
export function bridgeAlias(id: string, { forwarding }: Pick<TapMark, 'forwarding'>): string {
  return forwarding ? `${ours(id)} forwarding` : ours(id);
}

/** Of the link by which systemd-resolved is told of us. */
export function resolverAlias(id: string): string {
  return `${ours(id)} names`;
}

function ours(id: string): string {
  return `banger ${id}`;
}

export function isOf(id: string, alias: string | undefined): boolean {
  return alias === ours(id) || alias?.startsWith(`${ours(id)} `) === true;
}

/** Of any banger of this host. */
export function isBangers(alias: string | undefined): boolean {
  return alias !== undefined && /^banger [0-9a-f]{8}(?: |$)/.test(alias);
}

export function saysForwarding(alias: string | undefined): boolean {
  return isBangers(alias) && alias?.split(' ').includes('forwarding') === true;
}

export function tapAlias(id: string, { uid, port, forwarding }: TapMark): string {
  const words = [ours(id), `uid=${String(uid)}`];
  if (port !== undefined) {
    words.push(port.address, port.mac);
    if (port.nat) words.push('nat');
    if (!port.isolated) words.push('open');
  }
  if (forwarding) words.push('forwarding');
  return words.join(' ');
}

/** undefined: none of this owner's, or somebody has changed it. */
export function readTapAlias(tap: string, id: string, alias = ''): TapMark | undefined {
  if (!isOf(id, alias)) return undefined;
  const [, , uidText = '', ...words] = alias.split(' ');
  const uid = Number(/^uid=(\d+)$/.exec(uidText)?.[1]);
  if (!Number.isSafeInteger(uid)) return undefined;
  const [address, mac] = words;
  const port = BridgePort.safeParse({
    ...{ tap, mac, address, uid },
    nat: words.includes('nat'),
    isolated: !words.includes('open'),
  });
  return { uid, port: port.data, forwarding: words.includes('forwarding') };
}

/** `02:ba:` and the bridge's address: the first port's, otherwise, and another one whenever that goes. */
export function bridgeMac(address: string): string {
  return macOfIpv4(parseIpv4(address) ?? 0);
}
