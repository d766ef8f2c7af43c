import type { BridgeHost } from './bridge-host.ts';
import type { BridgePort } from './bridge-port.ts';

export interface RememberingBridgeHost extends BridgeHost {
  /** Whether the port's tap is there, made through here for the user who is to open it: without a look at anything else of it. */
  isReady(port: BridgePort): Promise<boolean>;
}

/** The same host, with which taps were made through here and not removed since. `hasLink` looks whether one still is. */
export function rememberTaps(
  host: BridgeHost,
  hasLink: (name: string) => Promise<boolean>,
): RememberingBridgeHost {
  const madeFor = new Map<string, number | undefined>();
  return {
    problems: (signal) => host.problems(signal),
    listTaps: (signal) => host.listTaps(signal),
    repair: (ports, signal) => host.repair(ports, signal),
    ensureTap: (tap, signal) => host.ensureTap(tap, signal),
    async ensurePort(port, signal) {
      await host.ensurePort(port, signal);
      madeFor.set(port.tap, port.uid);
    },
    async removeTap(tap, signal) {
      madeFor.delete(tap);
      await host.removeTap(tap, signal);
    },
    async isReady({ tap, uid }) {
      return madeFor.has(tap) && madeFor.get(tap) === uid && (await hasLink(tap));
    },
  };
}
