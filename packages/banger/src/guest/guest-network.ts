import type { Duplex } from 'node:stream';

import type { GuestListener, GuestScheme } from './guest-listeners.ts';

/** Connections to what listens in a guest. */
export interface GuestNetwork {
  /**
   * Resolves when connected, with a stream that the caller owns: ending it is a half-close, destroying it resets the
   * connection; it is destroyed with an error when the connection breaks or the guest is lost. Rejects with
   * `guest.port_closed` when nobody listens there. `signal` counts only until then.
   */
  dial(target: DialTarget, signal: AbortSignal): Promise<Duplex>;
  /** What listens in the guest: all of it at once, and again whenever it has changed. Ends by throwing, with the reason. */
  watchListeners(signal: AbortSignal): AsyncIterable<readonly GuestListener[]>;
  /** What listeners speak, in order; takes seconds where one says nothing. At most `MAX_PROBES` */
  probe(targets: readonly ProbeTarget[], signal: AbortSignal): Promise<readonly GuestScheme[]>;
}

export type ProbeTarget = Extract<DialTarget, { readonly kind: 'tcp' }>;

export const MAX_PROBES = 64;

export type DialTarget =
  /** `address`: an IP address of the guest; left out: its loopback, of either family */
  | { readonly kind: 'tcp'; readonly port: number; readonly address?: string | undefined }
  /** The absolute path of a stream socket */
  | { readonly kind: 'unix'; readonly path: string };

/** For messages: `port 80`, `socket "/run/x"` */
export function describeTarget(target: DialTarget): string {
  if (target.kind === 'unix') return `socket "${target.path}"`;
  const { address, port } = target;
  return address === undefined ? `port ${String(port)}` : `port ${String(port)} of ${address}`;
}
