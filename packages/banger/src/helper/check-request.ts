import { isHostIn, macOfIpv4, parseIpv4 } from '@banger/protocol/ipv4-subnet';

import type { BridgePort } from '../network/bridge/bridge-port.ts';
import { parseSubnet } from '../network/bridge/ip-subnet.ts';
import { isTapOf } from '../network/bridge/tap-name.ts';
import { jailUid } from '../vmm/firecracker/jail/jail-user.ts';
import type { HelperRequest } from './helper-protocol.ts';
import type { HelperSettings } from './helper-settings.ts';
import { refused } from './refused.ts';

/**
 * Throws `helper.refused` for a request that names what this owner's banger cannot have made: another's tap, an address
 * beyond the bridge's subnet, a MAC that is not that address's, a tap for another user, a name server elsewhere. Pure: the forms are the schema's.
 */
export function checkRequest(request: HelperRequest, settings: HelperSettings): void {
  switch (request.method) {
    case 'hello':
    case 'bridge.problems':
    case 'bridge.listTaps':
    case 'resolver.unroute':
      return;
    case 'bridge.ensureTap':
    case 'bridge.removeTap':
      checkTap(request.tap, settings);
      return;
    case 'bridge.ensurePort':
      checkPort(request.port, settings);
      return;
    case 'bridge.repair':
      for (const port of request.ports) checkPort(port, settings);
      return;
    case 'resolver.route':
      checkNameServer(request.at.address, settings);
  }
}

function checkTap(tap: string, { owner }: HelperSettings): void {
  if (isTapOf(owner.stateDir, tap)) return;
  throw refused(`"${tap}" is not the name of a tap of user "${owner.name}"`);
}

function checkPort(port: BridgePort, settings: HelperSettings): void {
  const { owner, bridge } = settings;
  checkTap(port.tap, settings);
  const subnet = parseSubnet(bridge.subnet);
  const address = parseIpv4(port.address);
  const isGuests = subnet !== undefined && address !== undefined && isHostIn(subnet, address);
  if (!isGuests || port.address === bridge.address)
    throw refused(`"${port.address}" is no address for a guest of ${bridge.subnet}`);
  if (port.mac !== macOfIpv4(address))
    throw refused(`"${port.mac}" is not the MAC of ${port.address}`);
  const users = [undefined, owner.uid, jailUid(owner.stateDir, port.address)];
  if (!users.includes(port.uid))
    throw refused(`uid ${String(port.uid)} is not who opens the tap of ${port.address}`);
}

/** The owner's own: names of VMs are sent to nobody beyond this host. */
function checkNameServer(address: string, { bridge }: HelperSettings): void {
  if (address === '::1' || address.startsWith('127.') || address === bridge.address) return;
  throw refused(`"${address}" is neither a loopback address nor the bridge's`);
}
