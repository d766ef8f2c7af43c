import { BangerError } from '@banger/protocol/errors';

import type { BridgePort } from '../network/bridge/bridge-port.ts';
import { isTapOf } from '../network/bridge/tap-name.ts';
import { jailUid } from '../vmm/firecracker/jail/jail-user.ts';
import type { HelperRequest } from './helper-protocol.ts';
import type { HelperSettings } from './helper-settings.ts';

/**
 * Throws `helper.refused` for a request that names what this owner's banger cannot have made: another's tap, an address
 * beyond the bridge's subnet, a MAC that is not that address's, a tap for another user. Pure: the forms are the schema's.
 */
export function checkRequest(request: HelperRequest, settings: HelperSettings): void {
  switch (request.method) {
    case 'hello':
    case 'bridge.problems':
    case 'bridge.listTaps':
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
  }
}

function checkTap(tap: string, { owner }: HelperSettings): void {
  if (isTapOf(owner.stateDir, tap)) return;
  throw refused(`"${tap}" is not the name of a tap of user "${owner.name}"`);
}

function checkPort(port: BridgePort, settings: HelperSettings): void {
  const { owner, bridge } = settings;
  checkTap(port.tap, settings);
  const [network = '', bits = ''] = bridge.subnet.split('/');
  const hosts = 2 ** (32 - Number(bits));
  const first = Math.floor(numberOf(network) / hosts) * hosts;
  const place = numberOf(port.address) - first;
  // The first address of a subnet is its name and the last one everybody's (RFC 919).
  if (place <= 0 || place >= hosts - 1 || port.address === bridge.address)
    throw refused(`"${port.address}" is no address for a guest of ${bridge.subnet}`);
  if (port.mac !== macOf(port.address))
    throw refused(`"${port.mac}" is not the MAC of ${port.address}`);
  const users = [undefined, owner.uid, jailUid(owner.stateDir, port.address)];
  if (!users.includes(port.uid))
    throw refused(`uid ${String(port.uid)} is not who opens the tap of ${port.address}`);
}

/** As plans have it: locally administered, then the four bytes of the address. */
export function macOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['02', 'ba', ...bytes].join(':');
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function refused(why: string): BangerError {
  return new BangerError('helper.refused', `Cannot do what was asked of the helper: ${why}`, {
    hint: 'sudo banger system status',
  });
}
