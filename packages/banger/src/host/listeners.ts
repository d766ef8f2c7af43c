import type { Duplex } from 'node:stream';

import type { HostPort } from '@banger/protocol/host-port';

/** TCP ports of the host. `system-listeners.ts` is the real one. */
export interface Listeners {
  /**
   * Resolves when connections are accepted; each is handed over once and is the taker's from then on. Rejects with
   * `host.port_taken`, `host.port_forbidden` or `host.address_unusable`.
   */
  listen(at: HostPort, onConnection: (connection: HostConnection) => void): Promise<Listener>;
}

/** Disposing closes the port at once, and leaves the connections that came through it. */
export interface Listener extends AsyncDisposable {
  /** With the port that was chosen */
  readonly at: HostPort;
}

export interface HostConnection {
  /** Half-open is kept: its end may be read while it is still written to, and the other way round */
  readonly stream: Duplex;
  /** Ends it so that the peer sees a failure and not an end */
  readonly reset: () => void;
}
