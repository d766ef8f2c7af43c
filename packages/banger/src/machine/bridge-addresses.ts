import {
  ipv4Text,
  isHostIn,
  macOfIpv4,
  parseIpv4,
  parseIpv4Subnet,
} from '@banger/protocol/ipv4-subnet';

/** The bridge that VMs are planned for; what it needs on the host is behind `BridgeHost`. */
export interface BridgeNetwork {
  readonly name: string;
  /** The host's address on it, and the guests' gateway */
  readonly gateway: string;
  /** Of all of them, with prefix length */
  readonly subnet: string;
  /** Whom guests ask for names, as the host is now */
  readonly dnsServers: () => readonly string[];
  readonly tapOf: (index: number) => string;
  /** Whether VMs that ask for nothing have NAT: those that nobody has asked to be on it */
  readonly isOpen: boolean;
}

/** What other plans have on a bridge. */
export interface TakenPorts {
  /** With prefix length */
  readonly guestAddress: string;
  readonly bridge: { readonly tap: string } | null;
}

/** Of any subnet, so that names of taps are short enough. */
const LAST_INDEX = 0xfffe;

/**
 * The lowest `count` places in the subnet, counted from its own address, that no other VM has, nor the host; fewer when
 * there are no more. A tap may be taken whose address is not: of a VM that is older than the configuration. Pure.
 */
export function freeBridgeIndexes(
  others: Iterable<TakenPorts>,
  bridge: BridgeNetwork,
  count: number,
): readonly number[] {
  const subnet = parseIpv4Subnet(bridge.subnet);
  if (subnet === undefined) return [];
  const taken = new Set([bridge.gateway]);
  for (const other of others) {
    taken.add(other.guestAddress.replace(/\/.*$/, ''));
    if (other.bridge !== null) taken.add(other.bridge.tap);
  }
  const found: number[] = [];
  for (let index = 1; index <= LAST_INDEX && found.length < count; index += 1) {
    const address = subnet.first + index;
    if (!isHostIn(subnet, address)) break;
    if (taken.has(ipv4Text(address)) || taken.has(bridge.tapOf(index))) continue;
    found.push(index);
  }
  return found;
}

/** With prefix length. Pure. */
export function bridgeAddressAt({ subnet }: BridgeNetwork, index: number): string {
  const parsed = parseIpv4Subnet(subnet);
  if (parsed === undefined) throw new Error(`"${subnet}" is no subnet`);
  return `${ipv4Text(parsed.first + index)}/${String(parsed.prefix)}`;
}

/** With prefix length or without. Pure. */
export function macOfAddress(guestAddress: string): string {
  const address = parseIpv4(guestAddress.replace(/\/.*$/, ''));
  if (address === undefined) throw new Error(`"${guestAddress}" is no address`);
  return macOfIpv4(address);
}

/** What the next VM on the bridge has there, if it asks for nothing special. */
export interface PortAhead {
  readonly tap: string;
  readonly mac: string;
  /** Without prefix length */
  readonly address: string;
  readonly nat: boolean;
  readonly isolated: true;
}

export function portAhead(bridge: BridgeNetwork, index: number): PortAhead {
  const [address = ''] = bridgeAddressAt(bridge, index).split('/');
  const tap = bridge.tapOf(index);
  const nat = bridge.isOpen;
  return { tap, mac: macOfAddress(address), address, nat, isolated: true };
}
