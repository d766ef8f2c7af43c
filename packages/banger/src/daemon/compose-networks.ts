import type { NetworkName } from '@banger/protocol/vm';

import type { HelperConnection } from '../helper/helper-connection.ts';
import { HELPER_SOCKET } from '../helper/helper-settings.ts';
import { createInstalledBridgeHost } from '../helper/installed-bridge-host.ts';
import type { Clock } from '../host/clock.ts';
import type { ConfigValues } from '../host/config-keys.ts';
import { hasLink } from '../host/network-links.ts';
import { hostNameServers } from '../host/name-servers.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { Processes } from '../host/processes.ts';
import { createSystemKernelSettings } from '../host/system-kernel-settings.ts';
import { hasTunDevice, mayOpenTaps } from '../host/tun-device.ts';
import type { BridgeNetwork } from '../machine/bridge-addresses.ts';
import type { Machines } from '../machine/machines.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { BridgeHost, BridgeSettings } from '../network/bridge/bridge-host.ts';
import { BridgeKeeper, sweepTaps } from '../network/bridge/bridge-keeper.ts';
import { createBridgeMode, type BridgeMode } from '../network/bridge/bridge-mode.ts';
import { chooseFirewall } from '../network/bridge/choose-firewall.ts';
import { createBridgeHost } from '../network/bridge/create-bridge-host.ts';
import { ownerId } from '../network/bridge/marks.ts';
import { rememberTaps } from '../network/bridge/remember-taps.ts';
import { tapName } from '../network/bridge/tap-name.ts';
import { TapPool, type TapPoolStatus } from '../network/bridge/tap-pool.ts';
import type { NetworkMode } from '../network/network-mode.ts';
import { createUserMode } from '../network/user-mode.ts';
import type { DaemonLog } from './daemon-log.ts';

/** The networks that VMs may be on. */
export interface Networks {
  readonly modes: Readonly<Record<NetworkName, NetworkMode>> & { readonly bridge: BridgeMode };
  /** What plans of VMs on the bridge say */
  readonly bridge: BridgeNetwork;
  readonly bridgeHost: BridgeHost;
  /** What guests on the bridge are held to: `nftables`; undefined where that is not ours to know */
  rules(signal: AbortSignal): Promise<string | undefined>;
}

export interface NetworkParts {
  readonly config: ConfigValues;
  readonly paths: Pick<BangerPaths, 'stateDir'>;
  readonly uid: number;
  readonly processes: Processes;
  readonly helper: HelperConnection;
  /** Who opens a VM's tap; undefined for whom the daemon runs as */
  readonly tapUserOf: (plan: MachinePlan) => number | undefined;
}

/** Nothing is touched yet. */
export function composeNetworks({
  config,
  paths,
  uid,
  processes,
  helper,
  tapUserOf,
}: NetworkParts): Networks {
  const { bridge_name: name, bridge_ip: address, cidr: subnet, dns_servers: servers } = config;
  const settings: BridgeSettings = { name, address, subnet, owner: paths.stateDir, uid };
  const bridgeHost = rememberTaps(bridgeHostFor(settings, { processes, helper }), hasLink);
  return {
    modes: {
      user: createUserMode(),
      bridge: createBridgeMode(bridgeHost, {
        ...{ ...settings, tapUserOf },
        isReady: (port) => bridgeHost.isReady(port),
      }),
    },
    bridge: {
      ...{ name, gateway: address, subnet },
      dnsServers: () => servers ?? hostNameServers(),
      tapOf: (index) => tapName(paths.stateDir, index),
      isOpen: config.network !== 'bridge',
    },
    bridgeHost,
    async rules(signal) {
      if (uid !== 0) return undefined;
      const firewall = chooseFirewall(processes, ownerId(paths.stateDir), signal);
      return (await firewall.catch(() => undefined))?.name; // Why there is none is a problem of the bridge's.
    },
  };
}

/** Root does it in this process, the helper for anybody else it is installed for. */
function bridgeHostFor(
  settings: BridgeSettings,
  { processes, helper }: Pick<NetworkParts, 'processes' | 'helper'>,
): BridgeHost {
  if (settings.uid !== 0)
    return createInstalledBridgeHost({
      ...{ connection: helper, socket: HELPER_SOCKET, settings, mayOpenTaps },
    });
  const id = ownerId(settings.owner);
  return createBridgeHost({
    ...{ settings, processes, hasTunDevice },
    kernel: createSystemKernelSettings(),
    firewall: (signal) => chooseFirewall(processes, id, signal),
  });
}

export interface KeeperParts {
  readonly networks: Networks;
  readonly machines: Machines;
  readonly clock: Clock;
  readonly config: Pick<ConfigValues, 'network' | 'tap_pool_size'>;
  readonly log: Pick<DaemonLog, 'info' | 'warn'>;
}

/** The bridge of a daemon that runs. Disposing it leaves VMs what they have, and nothing that waits for others. */
export interface KeptBridge extends AsyncDisposable {
  readonly pool: TapPoolStatus;
  /** To be called when a VM has come, gone, or changed its state */
  refresh(): void;
}

/** Keeps the bridge right from now on, with taps for the next VMs, and first removes those that nobody remembers. */
export async function keepBridge(parts: KeeperParts): Promise<KeptBridge> {
  await using cleanup = new AsyncDisposableStack();
  const { networks, machines, clock, config, log } = parts;
  const host = networks.bridgeHost;
  const onBridge = () => machines.everyone().filter(({ record }) => record.plan?.network.bridge);
  const isTaken = (tap: string) =>
    onBridge().some(({ record }) => record.plan?.network.bridge?.tap === tap);
  try {
    const lost = await sweepTaps({ host, isTaken });
    if (lost.length > 0) log.warn({ taps: lost }, 'removed taps of VMs that are no more');
  } catch (error) {
    log.warn({ err: error }, 'cannot look for taps of VMs that are no more');
  }
  cleanup.use(
    new BridgeKeeper({
      ...{ host, clock, isTaken },
      ports: () => networks.modes.bridge.ports(),
      onRepair: () =>
        log.warn('the bridge, its taps or their rules were changed, and are put right'),
      onTrouble: (error) => log.warn({ err: error }, 'cannot put the bridge right'),
    }),
  );
  // A host where nobody uses the bridge has none.
  const isUsed = () =>
    config.network === 'bridge' ||
    machines.all().some(({ record }) => record.spec.network === 'bridge');
  const pool = cleanup.use(
    new TapPool({
      ...{ host, clock, isTaken, size: config.tap_pool_size },
      nextPorts: (count) => (isUsed() ? machines.nextPorts(count) : []),
      onTrouble: (error) => log.warn({ err: error }, 'cannot make taps ahead of time'),
    }),
  );
  pool.refresh();
  const owned = cleanup.move(); // The caller owns both.
  return {
    get pool() {
      return pool.status;
    },
    refresh: () => pool.refresh(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
