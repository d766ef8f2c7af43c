import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';

import type { NetworkName } from '@banger/protocol/vm';

/**
 * Users of jails, and groups with the same numbers. The upper half of the ids that systemd's containers leave alone
 * (systemd, docs/UIDS-GIDS.md: 1879048192 to 2147483647 are unused): no distribution and no directory service hands them
 * out, and they are below 2^31, which old file systems and programs take for negative.
 */
export const FIRST_JAIL_UID = 0x7000_0000;
export const LAST_JAIL_UID = 0x7fff_ffff;

const ADDRESS_BITS = 16;

/**
 * The user, and the group, that the VM with this IPv4 address is jailed as. Follows from the plan alone, so that a tap can
 * be made for it beforehand, and no two VMs of a banger share one, as they share no address of a network: each has at most 16
 * bits for them. One bit is the network's, the other 11 are the banger's own (`owner`: its state directory). Pure.
 */
export function jailUid(owner: string, address: string, network: NetworkName = 'bridge'): number {
  if (!isIPv4(address)) throw new Error(`"${address}" is no IPv4 address`);
  const [, , high, low] = address.split('.').map(Number);
  const ofNetwork = network === 'user' ? 1 << ADDRESS_BITS : 0;
  return firstUidOf(owner) + ofNetwork + ((high ?? 0) << 8) + (low ?? 0);
}

/** Whether a VM of this banger's may be jailed as that user. Pure. */
export function isJailUidOf(owner: string, uid: number): boolean {
  const first = firstUidOf(owner);
  return uid >= first && uid < first + (2 << ADDRESS_BITS);
}

function firstUidOf(owner: string): number {
  const banger = createHash('sha256').update(owner).digest().readUInt16BE(0) >> 5;
  return FIRST_JAIL_UID + (banger << (1 + ADDRESS_BITS));
}
