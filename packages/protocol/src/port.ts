import { z } from 'zod';

import { hostPortText } from './host-port.ts';
import { VmName } from './names.ts';

export const Port = z.int().min(1).max(65_535);

/** A port of the host that leads to one of the guest, whether or not anything listens there. */
export const PublishedPort = z.object({
  /** Of the host */
  address: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
  hostPort: Port,
  guestPort: Port,
});
export type PublishedPort = z.infer<typeof PublishedPort>;

/** The host's side */
export function publishedPlace({ address, hostPort }: PublishedPort): string {
  return hostPortText({ address, port: hostPort });
}

export const PublishedPorts = z.array(PublishedPort).max(100);

/** Something that listens in a guest, and how it is reached from the host. */
export const VmPort = z.object({
  vm: VmName,
  protocol: z.enum(['tcp', 'udp']),
  /** In the guest */
  port: Port,
  /** Of the guest, that it listens on; none for a published port where nothing listens */
  addresses: z.array(z.string()),
  /** null when it is not known, or nothing listens */
  process: z.string().nullable(),
  pid: z.int().nullable(),
  /** `address:port` of the host that lead there */
  host: z.array(z.string()),
  /** What to use from the host: a link, `<name>.vm:port` where names resolve, else an address; null when nothing leads there */
  endpoint: z.string().nullable(),
  scheme: z.enum(['http', 'https']).nullable(),
  /** Why nothing leads there, or not from everywhere it should */
  problem: z.string().nullable(),
});
export type VmPort = z.infer<typeof VmPort>;
