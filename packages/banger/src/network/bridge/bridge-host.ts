/**
 * Everything that bridge networking changes on the host. Root does it in this process, anybody else through the helper:
 * the same interface, so callers do not know. Nothing is taken from what VMs say; every name and address is chosen by
 * banger and checked again where it is used. Every method may be repeated, and two callers at once come to the same end.
 */
import type { HostProblem } from '../../host/host-problem.ts';

export interface BridgeHost {
  /** Looks and changes nothing: no privilege, no program, a link of that name that is not ours, a route that overlaps. */
  problems(signal: AbortSignal): Promise<readonly HostProblem[]>;

  /**
   * The bridge, up, with its address, and a tap on it, whatever was there of it before. Rejects with `host.network_conflict`
   * for a link or a route of somebody else's, which it leaves alone.
   */
  ensureTap(tap: string, signal: AbortSignal): Promise<void>;

  /** Lets a tap's guest be one address and no other, and have what it was given. Forwarding is switched on for NAT only. */
  ensurePort(port: BridgePort, signal: AbortSignal): Promise<void>;

  /** The tap and everything said about its guest are gone; with the last one the bridge and the rules, too. */
  removeTap(tap: string, signal: AbortSignal): Promise<void>;

  /** Our taps that are there, whether or not anybody remembers them */
  listTaps(signal: AbortSignal): Promise<readonly string[]>;
}

/** What the host lets a guest do. */
export interface BridgePort {
  readonly tap: string;
  readonly mac: string;
  /** IPv4, without prefix length */
  readonly address: string;
  /** Reaches others beyond the bridge, from the host's address */
  readonly nat: boolean;
  /** Neither reaches nor is reached by other VMs, unless these are open too */
  readonly isolated: boolean;
}

/** One bridge of one banger, from configuration. */
export interface BridgeSettings {
  /** `bridge_name`; at most 15 bytes (Linux, IFNAMSIZ) */
  readonly name: string;
  /** `bridge_ip`: the host's, and the guests' gateway */
  readonly address: string;
  /** `cidr` */
  readonly subnet: string;
  /** Written on our links (their alias), so that they are known again: one banger's state directory */
  readonly owner: string;
}
