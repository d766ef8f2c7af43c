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
}

/** The helper's while one is installed that this user may ask, else none. Looked for each time: it comes and goes. */
export function createInstalledBridgeHost(helper: InstalledHelper): BridgeHost {
  const absent = createAbsentBridgeHost(notPrivileged);
  const asked = createHelperBridgeHost(helper.connection, helper.settings);
  const host = async () => ((await mayAskHelper(helper.socket)) ? asked : absent);
  return {
    problems: async (signal) => (await host()).problems(signal),
    ensureTap: async (tap, signal) => (await host()).ensureTap(tap, signal),
    ensurePort: async (port, signal) => (await host()).ensurePort(port, signal),
    removeTap: async (tap, signal) => (await host()).removeTap(tap, signal),
    listTaps: async (signal) => (await host()).listTaps(signal),
    repair: async (ports, signal) => (await host()).repair(ports, signal),
  };
}
