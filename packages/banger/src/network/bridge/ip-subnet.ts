import { parseIpv4, type Ipv4Subnet } from '@banger/protocol/ipv4-subnet';

/** `172.16.0.0/24`, `172.16.0.9/24` (the same), `172.16.0.9` (that one); undefined for what is none. Pure. */
export function parseSubnet(text: string): Ipv4Subnet | undefined {
  const [address = '', length = '32', ...rest] = text.split('/');
  const value = parseIpv4(address);
  if (value === undefined || rest.length > 0 || !/^(?:[12]?\d|3[0-2])$/.test(length))
    return undefined;
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  const first = value - (value % size);
  return { first, last: first + size - 1, prefix };
}

export function overlaps(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function contains(outer: Ipv4Subnet, inner: Ipv4Subnet): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}
