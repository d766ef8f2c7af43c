/**
 * Has the host's resolver ask our server for names of VMs, and no other names. Root does it in this process, anybody else
 * through the helper: the same interface, so callers do not know.
 *
 * What changes may be repeated, at any time, by several callers that know nothing of each other; whose the route is, is
 * written on it, so nothing depends on a daemon's memory.
 */
import type { HostPort } from '@banger/protocol/host-port';

export interface ResolverHost {
  /** Whether names of VMs are asked for there, and only they. Looks, which needs no rights, and changes nothing. */
  isRouted(at: HostPort, signal: AbortSignal): Promise<boolean>;

  /**
   * Names of VMs are asked for there from now on, wherever they were before; what somebody else undid is back. Rejects
   * with `host.network_conflict` for a link of somebody else's, which it leaves alone, and with
   * `host.network_unavailable` when it cannot be: then nothing of ours is left.
   */
  route(at: HostPort, signal: AbortSignal): Promise<void>;

  /** Names of VMs are asked for nowhere; nothing is left of ours, and nothing else is touched. */
  unroute(signal: AbortSignal): Promise<void>;
}
