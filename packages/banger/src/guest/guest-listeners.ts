/** A socket in the guest that waits for connections (TCP) or packets (UDP). */
export interface GuestListener {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4 or IPv6; `0.0.0.0` and `::` are all of them */
  readonly address: string;
  readonly port: number;
  /** 0 for a socket that no process has open */
  readonly pid: number;
  /** What the process calls itself; printable, at most 64 characters */
  readonly process: string;
}

/** What a listener speaks. */
export type GuestScheme = 'http' | 'https' | 'other';
