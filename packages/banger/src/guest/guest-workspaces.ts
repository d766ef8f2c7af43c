import type { ShipPlan } from '@banger/protocol/workspace';

/** The bytes of a ship (guest/internal/workspace/stream.go) */
export type ShipBytes = AsyncIterable<Uint8Array>;

/**
 * Checkouts of the host in a guest. Both reject with `workspace.occupied` where something else is at the place, with
 * `guest.disk_full`, with `usage.invalid` for bytes that are no ship, and with the failure of `bytes`.
 */
export interface GuestWorkspaces {
  /** What a ship needs, from its head. Changes nothing. */
  plan(bytes: ShipBytes, signal: AbortSignal): Promise<ShipPlan>;
  /**
   * Resolves when everything is in place. Rejects with `workspace.conflict` or `workspace.busy` too. However it fails, each
   * file is in its old or its new state, and the next ship repairs.
   */
  apply(bytes: ShipBytes, signal: AbortSignal): Promise<ShipApplied>;
}

export interface ShipApplied {
  readonly written: number;
  readonly removed: number;
}
