/**
 * Everything that bridge networking changes on the host. Root does it in this process, anybody else through the helper:
 * the same interface, so callers do not know. Nothing is taken from what VMs say; every name and address is chosen by
 * banger and checked again where it is used.
 *
 * Every method may be repeated, at any time, by several callers at once that know nothing of each other: they come to the
 * same end. What one caller asks for is done in the order of its calls, whether or not it waits for them. What is known of a guest is written on its tap (the link's alias), so nothing depends on a daemon's memory.
 */
import type { HostProblem } from '../../host/host-problem.ts';
import type { BridgePort } from './bridge-port.ts';

export interface BridgeHost {
  /** Looks and changes nothing: no privilege, no program, a link of that name that is not ours, a route that overlaps. */
  problems(signal: AbortSignal): Promise<readonly HostProblem[]>;

  /**
   * The bridge, up, with its address, and a tap on it whose guest reaches nothing yet, unless there is a port of it.
   * Rejects with `host.network_conflict` for a link, an address or a route of somebody else's, which it leaves alone, and
   * with `host.network_unavailable` where bridges cannot be had.
   */
  ensureTap(tap: string, signal: AbortSignal): Promise<void>;

  /**
   * As `ensureTap`, and its guest may be one address and no other, and has what the port says instead of what an earlier
   * one said. A tap that another user is to open is made anew, unless it is in use. The host forwards for NAT only.
   */
  ensurePort(port: BridgePort, signal: AbortSignal): Promise<void>;

  /** The tap and everything said about its guest are gone; with the last one the bridge, the rules and the forwarding, too. */
  removeTap(tap: string, signal: AbortSignal): Promise<void>;

  /** Our taps that are there, whether or not anybody remembers them, in alphabetical order */
  listTaps(signal: AbortSignal): Promise<readonly string[]>;

  /**
   * As `ensurePort` for each, and puts right what somebody else undid of our other taps; a bridge deleted under running
   * guests comes back with them on it. Cheap where nothing is wrong. Resolves with whether something was.
   */
  repair(ports: readonly BridgePort[], signal: AbortSignal): Promise<boolean>;
}

/** One bridge of one banger, from configuration. */
export interface BridgeSettings {
  /** `bridge_name`; at most 15 bytes (Linux, IFNAMSIZ) */
  readonly name: string;
  /** `bridge_ip`: the host's, and the guests' gateway */
  readonly address: string;
  /** `cidr` */
  readonly subnet: string;
  /** One banger's state directory; a hash of it is on our links, so that they are known again */
  readonly owner: string;
  /** Opens taps whose port does not say who does: whom the daemon runs as */
  readonly uid: number;
}
