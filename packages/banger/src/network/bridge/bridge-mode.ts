import { isDeepStrictEqual } from 'node:util';

import { BangerError } from '@banger/protocol/errors';
import { isHostIn, parseIpv4, parseIpv4Subnet } from '@banger/protocol/ipv4-subnet';

import type { MachinePlan } from '../../machine/plan.ts';
import type { NetworkMode } from '../network-mode.ts';
import type { BridgeHost, BridgeSettings } from './bridge-host.ts';
import { BridgePort } from './bridge-port.ts';

export interface BridgeModeSettings extends Pick<BridgeSettings, 'subnet' | 'name'> {
  /** Who opens the VM's tap; undefined for whom the daemon runs as */
  readonly tapUserOf?: (plan: MachinePlan) => number | undefined;
  /** Whether a monitor can open the port's tap now, whatever is still to be said of its guest */
  readonly isReady?: (port: BridgePort) => Promise<boolean>;
}

export interface BridgeMode extends NetworkMode {
  /**
   * What was last asked for, of every VM that is attached. As the host does what it is asked for in that order, this may be
   * asked for again at any moment; what plans say may not: they follow when a change has been made.
   */
  ports(): readonly BridgePort[];
}

/** One that was prepared. */
interface Attachment {
  readonly port: BridgePort;
  readonly done: Promise<void>;
}

/** A tap per VM on the host's bridge. What the host lets a guest do is in its plan. */
export function createBridgeMode(host: BridgeHost, settings: BridgeModeSettings): BridgeMode {
  const ports = new Map<string, BridgePort>();
  const begun = new Map<string, Attachment>();
  const portOf = (plan: MachinePlan) => {
    checkSubnet(plan, settings);
    return bridgePortOf(plan, settings.tapUserOf?.(plan));
  };
  const ensure = async (port: BridgePort, signal: AbortSignal) => {
    const before = ports.get(port.tap);
    ports.set(port.tap, port);
    try {
      await host.ensurePort(port, signal);
    } catch (error) {
      // Without an earlier one it is still wanted, until it is detached.
      if (before !== undefined && ports.get(port.tap) === port) ports.set(port.tap, before);
      throw error;
    }
  };
  return {
    name: 'bridge',
    problems: (signal) => host.problems(signal),
    async prepare(plan, signal) {
      const port = portOf(plan);
      const isReady = (await settings.isReady?.(port)) === true;
      const done = ensure(port, signal);
      done.catch(() => undefined); // Told by `attach`.
      begun.set(port.tap, { port, done });
      if (!isReady) await done;
    },
    async attach(plan, signal) {
      const port = portOf(plan);
      const earlier = begun.get(port.tap);
      begun.delete(port.tap);
      if (isDeepStrictEqual(earlier?.port, port)) await earlier?.done;
      else await ensure(port, signal);
    },
    async detach({ network: { bridge } }, signal) {
      if (bridge === null) return;
      ports.delete(bridge.tap);
      begun.delete(bridge.tap);
      await host.removeTap(bridge.tap, signal);
    },
    ports: () => [...ports.values()],
  };
}

/** Of a VM on the bridge, whose tap this user opens. */
function bridgePortOf({ network }: MachinePlan, uid?: number): BridgePort {
  const { bridge, mac, guestAddress, nat } = network;
  const [address] = guestAddress.split('/');
  const port = { tap: bridge?.tap, mac, address, nat, isolated: bridge?.isolated };
  return BridgePort.parse({ ...port, ...(uid !== undefined && { uid }) });
}

/** A VM keeps its address, and the configuration may have changed since it was made. */
function checkSubnet(
  { spec, network }: MachinePlan,
  { name, subnet: cidr }: Pick<BridgeSettings, 'subnet' | 'name'>,
): void {
  const [address = ''] = network.guestAddress.split('/');
  const subnet = parseIpv4Subnet(cidr);
  const number = parseIpv4(address);
  const isThere = subnet !== undefined && number !== undefined && isHostIn(subnet, number);
  if (isThere && network.bridge?.name === name) return;
  throw new BangerError(
    'host.network_conflict',
    `Cannot put VM "${spec.name}" on bridge "${name}" with ${cidr}: it was made for "${network.bridge?.name ?? ''}" and has ${network.guestAddress}`,
    { hint: 'Put bridge_name, bridge_ip and cidr back, then banger daemon restart' },
  );
}
