import { ipv4SubnetAround, type Ipv4Subnet } from '@banger/protocol/ipv4-subnet';

/** `172.16.0.0/24`, `172.16.0.9/24` (the same), `172.16.0.9` (that one); undefined for what is none. Pure. */
export function parseSubnet(text: string): Ipv4Subnet | undefined {
  return ipv4SubnetAround(text.includes('/') ? text : `${text}/32`);
}

export function overlaps(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function contains(outer: Ipv4Subnet, inner: Ipv4Subnet): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}
