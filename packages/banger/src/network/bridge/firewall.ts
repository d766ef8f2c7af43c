/**
 * What guests on a bridge may send, and where it goes. All of it is said at once, from what is known of all taps, so saying
 * it again puts right whatever somebody else did to it. `nft-firewall.ts` where the host has nftables, elsewhere
 * `iptables-firewall.ts`.
 */
import type { BridgePort } from './bridge-port.ts';

export interface Firewall {
  /** `nftables`, `iptables` */
  readonly name: string;

  /** Just these rules of ours are there; none of them without `rules`. */
  ensure(rules: FirewallRules | undefined, signal: AbortSignal): Promise<Ensured>;
}

export interface Ensured {
  /** Something was otherwise */
  readonly changed: boolean;
  /** Why the rules are not all there: others changed theirs meanwhile. Time to look again at what they are to be. */
  readonly contended?: string | undefined;
}

/**
 * A guest sends from its own MAC and address or not at all. Of the host it reaches answers, ping, and DNS on the bridge's
 * address; beyond the host what it likes if it has NAT, but no link-local addresses (there are clouds' secrets on them,
 * and RFC 3927 section 7 routes none); another guest if both are open. Nobody beyond the host begins anything with it.
 */
export interface FirewallRules {
  readonly bridge: string;
  /** The host's on the bridge */
  readonly address: string;
  readonly subnet: string;
  /** Also those whose guest reaches nothing yet */
  readonly taps: readonly string[];
  readonly ports: readonly BridgePort[];
  /** The host forwards for our guests' sake: for nobody else, as before */
  readonly forwardsForUsAlone: boolean;
}
