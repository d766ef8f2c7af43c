import type { HostProblem } from '../host/host-problem.ts';
import { createAbsentBridgeHost, notPrivileged } from '../network/bridge/absent-bridge-host.ts';
import type { BridgeHost, BridgeSettings } from '../network/bridge/bridge-host.ts';
import { createHelperBridgeHost } from './helper-bridge-host.ts';
import type { HelperConnection } from './helper-connection.ts';
import { mayAskHelper } from './may-ask-helper.ts';

export interface InstalledHelper {
  readonly connection: HelperConnection;
  /** Where it listens */
  readonly socket: string;
  readonly settings: BridgeSettings;
  /** Whether a monitor of this user's may open taps that are made for it */
  readonly mayOpenTaps: () => Promise<boolean>;
}

const closedTaps: HostProblem = {
  what: '/dev/net/tun cannot be opened for reading and writing by this user',
  hint: 'sudo chmod 666 /dev/net/tun',
};

/** The helper's while one is installed that this user may ask, else none. Looked for each time: it comes and goes. */
export function createInstalledBridgeHost(helper: InstalledHelper): BridgeHost {
  const absent = createAbsentBridgeHost(notPrivileged);
  const asked = createHelperBridgeHost(helper.connection, helper.settings);
  let last: Promise<unknown> = Promise.resolve();
  /** One look after the other: requests follow each other as they were made. */
  const host = () => {
    const found = last.then(async () => ((await mayAskHelper(helper.socket)) ? asked : absent));
    last = found;
    return found;
  };
  return {
    async problems(signal) {
      const found = await (await host()).problems(signal);
      // Whatever else is to be mended comes first: the device may not be there yet.
      return found.length > 0 || (await helper.mayOpenTaps()) ? found : [closedTaps];
    },
    ensureTap: async (tap, signal) => (await host()).ensureTap(tap, signal),
    ensurePort: async (port, signal) => (await host()).ensurePort(port, signal),
    removeTap: async (tap, signal) => (await host()).removeTap(tap, signal),
    listTaps: async (signal) => (await host()).listTaps(signal),
    repair: async (ports, signal) => (await host()).repair(ports, signal),
  };
}
