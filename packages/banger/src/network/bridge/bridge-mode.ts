import { BangerError } from '@banger/protocol/errors';
import { isHostIn, parseIpv4, parseIpv4Subnet } from '@banger/protocol/ipv4-subnet';

import type { MachinePlan } from '../../machine/plan.ts';
import type { NetworkMode } from '../network-mode.ts';
import type { BridgeHost, BridgeSettings } from './bridge-host.ts';
import { BridgePort } from './bridge-port.ts';

export interface BridgeModeSettings extends Pick<BridgeSettings, 'subnet' | 'name'> {
  /** Who opens the VM's tap; undefined for whom the daemon runs as */
  readonly tapUserOf?: (plan: MachinePlan) => number | undefined;
}

/** A tap per VM on the host's bridge. What the host lets a guest do is in its plan. */
export function createBridgeMode(host: BridgeHost, settings: BridgeModeSettings): NetworkMode {
  return {
    name: 'bridge',
    problems: (signal) => host.problems(signal),
    async attach(plan, signal) {
      checkSubnet(plan, settings);
      await host.ensurePort(bridgePortOf(plan, settings.tapUserOf?.(plan)), signal);
    },
    async detach({ network: { bridge } }, signal) {
      if (bridge !== null) await host.removeTap(bridge.tap, signal);
    },
  };
}

/** Of a VM on the bridge, whose tap this user opens. */
export function bridgePortOf({ network }: MachinePlan, uid?: number): BridgePort {
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
