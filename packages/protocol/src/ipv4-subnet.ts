/** An IPv4 subnet, as numbers. */
export interface Ipv4Subnet {
  /** The network's own address */
  readonly first: number;
  /** The broadcast address */
  readonly last: number;
  readonly prefix: number;
}

/** `172.16.0.1` → its 32 bits; undefined for what is none. Pure. */
export function parseIpv4(text: string): number | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** Pure. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => String((address >>> shift) & 0xff)).join('.');
}

/** `172.16.0.0/24`; undefined for what is none, also for an address within one (`172.16.0.1/24`). Pure. */
export function parseIpv4Subnet(text: string): Ipv4Subnet | undefined {
  const subnet = ipv4SubnetAround(text);
  return subnet?.first === parseIpv4(text.split('/')[0] ?? '') ? subnet : undefined;
}

/** The one that an address is in: `172.16.0.0/24`, `172.16.0.9/24` (the same); undefined for what is none. Pure. */
export function ipv4SubnetAround(text: string): Ipv4Subnet | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const value = parseIpv4(address);
  if (value === undefined || rest.length > 0 || !/^(?:[12]?\d|3[0-2])$/.test(length)) {
    return undefined;
  }
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  const first = value - (value % size);
  return { first, last: first + size - 1, prefix };
}

/** Whether a host can have the address: it is neither the network's own nor the broadcast address. Pure. */
export function isHostIn({ first, last }: Ipv4Subnet, address: number): boolean {
  return address > first && address < last;
}

/** Locally administered, unicast (IEEE 802 section 8.2.1), and another one for every address: `02:ba:` and its bytes. Pure. */
export function macOfIpv4(address: number): string {
  const hex = address.toString(16).padStart(8, '0');
  return `02:ba:${(hex.match(/../g) ?? []).join(':')}`;
}
