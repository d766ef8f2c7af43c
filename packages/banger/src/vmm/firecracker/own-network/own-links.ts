import { existsSync } from 'node:fs';

/** Firecracker's tap; it is alone in its namespace, so it has the same name in each. */
export const OWN_TAP = 'tap0';
/** The one that slirp4netns takes for its own */
export const SLIRP_TAP = 'slirp0';

/** A bridge that passes frames from the first moment on */
const AT_ONCE = 'forward_delay 0 stp_state 0 mcast_snooping 0';

export interface OwnLinks {
  /** The guest reaches out; else its tap leads nowhere */
  readonly isConnected: boolean;
  readonly hasIpv6: boolean;
}

/**
 * What `ip -batch` makes in a VM's network namespace: the bridge joins the guest's tap to that of the user-mode stack. Both
 * stay when those at their other ends go, and are open to whoever is there. The kernel has no address, of IPv6 neither, so only
 * guest and stack speak. Pure.
 */
export function ownLinks({ isConnected, hasIpv6 }: OwnLinks): string {
  const silent = hasIpv6 ? 'addrgenmode none ' : '';
  const tap = (name: string) => `tuntap add dev ${name} mode tap`;
  const lines = isConnected
    ? [
        `link add br0 type bridge ${AT_ONCE}`,
        tap(OWN_TAP),
        tap(SLIRP_TAP),
        ...[OWN_TAP, SLIRP_TAP].map((name) => `link set dev ${name} ${silent}master br0 up`),
        `link set dev br0 ${silent}up`,
      ]
    : [tap(OWN_TAP), `link set dev ${OWN_TAP} ${silent}up`];
  return `${lines.join('\n')}\n`;
}

/** Where there is none, ip(8) may not even be told to leave it alone. */
export function hasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6/conf');
}
