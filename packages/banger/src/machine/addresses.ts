import { createHash } from 'node:crypto';

/** Of the user-mode network; each VM is alone on one of its own, and has another address on it all the same. */
const GUEST_SUBNET = '10.77';
/** The second and third address of a subnet: slirp4netns takes no others (slirp4netns(1), `--cidr`) */
export const GATEWAY = `${GUEST_SUBNET}.0.2`;
export const NAME_SERVER = `${GUEST_SUBNET}.0.3`;

/** On the host's loopback, whose every address is there without being configured (Linux: 127.0.0.0/8) */
const HOST_SUBNET = '127.77';

/** Below are gateway and name server. */
export const FIRST_INDEX = 16;
const LAST_INDEX = 0xfffe;
const HOST_ADDRESSES = 0xfffe;

export interface TakenAddresses {
  /** With prefix length */
  readonly guestAddress: string;
  readonly hostAddress: string;
}

/** The lowest index both of whose addresses no other VM has; undefined when there are 65,000 VMs. Pure. */
export function freeAddressIndex(
  others: Iterable<TakenAddresses>,
  bangerDir: string,
): number | undefined {
  const taken = new Set<string>();
  for (const { guestAddress, hostAddress } of others) taken.add(guestAddress).add(hostAddress);
  for (let index = FIRST_INDEX; index <= LAST_INDEX; index += 1) {
    if (taken.has(guestAddressOf(index)) || taken.has(hostAddressOf(index, bangerDir))) continue;
    return index;
  }
  return undefined;
}

export function guestAddressOf(index: number): string {
  return `${GUEST_SUBNET}.${String(index >> 8)}.${String(index & 0xff)}/16`;
}

/**
 * The VM's address on the host's loopback, which all bangers of a host share: they do not know of each other, so each
 * begins at a place of its own, which depends on its directory.
 */
export function hostAddressOf(index: number, bangerDir: string): string {
  const begin = createHash('sha256').update(bangerDir).digest().readUInt16BE(0);
  const place = 1 + ((begin + index) % HOST_ADDRESSES);
  return `${HOST_SUBNET}.${String(place >> 8)}.${String(place & 0xff)}`;
}
