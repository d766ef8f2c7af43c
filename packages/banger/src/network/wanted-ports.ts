import type { PublishedPort } from '@banger/protocol/port';
import { type HostPort, hostPortText } from '@banger/protocol/host-port';

import type { GuestListener } from '../guest/guest-listeners.ts';
import type { DialTarget } from '../guest/guest-network.ts';

/** A port of the host that is to lead into a VM. */
export interface WantedPort {
  readonly at: HostPort;
  readonly target: DialTarget;
}

/** Of one VM's own address; what a guest opens beyond is not answered, and `vm ports` says so. */
export const MAX_PORTS = 256;

export interface PortMap {
  /** On the host's loopback; or the guest's own, of one that the host reaches without us */
  readonly hostAddress: string;
  /** Of the guest's one interface, with prefix length */
  readonly guestAddress: string;
  readonly publish: readonly PublishedPort[];
}

/**
 * What the host listens on for a VM: what was asked for with `--publish`, whether or not the guest listens, and on the
 * VM's own address every TCP port of the guest that can be reached. Pure.
 */
export function wantedPorts(
  map: PortMap,
  listening: readonly GuestListener[],
): readonly WantedPort[] {
  const wanted = new Map<string, WantedPort>();
  for (const { address, hostPort, guestPort } of map.publish) {
    const at = { address, port: hostPort };
    const target = targetOf(map, listening, guestPort) ?? { kind: 'tcp', port: guestPort };
    wanted.set(hostPortText(at), { at, target });
  }
  if (isReached(map)) return [...wanted.values()];
  const published = wanted.size;
  for (const { protocol, port } of listening) {
    const target = protocol === 'tcp' ? targetOf(map, listening, port) : undefined;
    const at = { address: map.hostAddress, port };
    const key = hostPortText(at);
    if (target === undefined || wanted.has(key)) continue;
    if (wanted.size - published >= MAX_PORTS) break;
    wanted.set(key, { at, target });
  }
  return [...wanted.values()];
}

/** On a bridge the guest answers at its address itself. */
export function isReached({
  hostAddress,
  guestAddress,
}: Pick<PortMap, 'hostAddress' | 'guestAddress'>): boolean {
  return guestAddress.split('/')[0] === hostAddress;
}

/** Of both families, and of all interfaces */
const ON_LOOPBACK = ['127.0.0.1', '::1', '0.0.0.0', '::'];

/** How a port of the guest is reached; undefined when it listens where nobody from outside comes, or not at all. */
function targetOf(
  { guestAddress }: PortMap,
  listening: readonly GuestListener[],
  port: number,
): DialTarget | undefined {
  const addresses = listening
    .filter((one) => one.protocol === 'tcp' && one.port === port)
    .map(({ address }) => address);
  if (addresses.some((address) => ON_LOOPBACK.includes(address))) return { kind: 'tcp', port };
  const [own] = guestAddress.split('/');
  const isOnOwn = own !== undefined && addresses.includes(own);
  return isOnOwn ? { kind: 'tcp', port, address: own } : undefined;
}
