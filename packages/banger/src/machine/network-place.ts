import { BangerError } from '@banger/protocol/errors';
import type { VmSpec } from '@banger/protocol/vm';

import {
  FIRST_INDEX,
  freeAddressIndex,
  GATEWAY,
  guestAddressOf,
  hostAddressOf,
  NAME_SERVER,
} from './addresses.ts';
import { bridgeAddressAt, freeBridgeIndexes, type BridgeNetwork } from './bridge-addresses.ts';
import type { PlanNetwork } from './plan.ts';

/** A VM's network, but for what depends on which VM it is. */
export type NetworkPlace = Omit<PlanNetwork, 'mac'>;

/** Where VMs are on their networks. */
export interface Places {
  /** One that no other VM has */
  free(spec: VmSpec): NetworkPlace;
  /** Perhaps somebody's: of a plan that is only asked for its shape */
  any(spec: VmSpec): NetworkPlace;
}

export interface PlaceParts {
  /** The directory of this banger's VMs */
  readonly vmsDir: string;
  readonly bridge: BridgeNetwork;
}

/** Pure. */
export function freePlace(
  spec: VmSpec,
  others: readonly PlanNetwork[],
  parts: PlaceParts,
): NetworkPlace {
  const { bridge, vmsDir } = parts;
  const onBridge = spec.network === 'bridge';
  const index = onBridge
    ? freeBridgeIndexes(others, bridge, 1)[0]
    : freeAddressIndex(others, vmsDir);
  if (index !== undefined) return placeAt(spec, index, parts);
  const every = onBridge ? `every address of ${bridge.subnet} (cidr)` : 'every address';
  throw new BangerError('host.resources', `Cannot make another VM: ${every} is taken`, {
    hint: 'banger vm prune',
  });
}

export function anyPlace(spec: VmSpec, parts: PlaceParts): NetworkPlace {
  return placeAt(spec, spec.network === 'bridge' ? 1 : FIRST_INDEX, parts);
}

/** On the bridge the host reaches the guest at its own address. */
function placeAt(
  { network: mode, nat, isolated }: VmSpec,
  index: number,
  { bridge, vmsDir }: PlaceParts,
): NetworkPlace {
  if (mode === 'user') {
    const guestAddress = guestAddressOf(index);
    const hostAddress = hostAddressOf(index, vmsDir);
    const stack = { gateway: GATEWAY, dnsServers: [NAME_SERVER], bridge: null };
    return { mode, guestAddress, hostAddress, nat, ...stack };
  }
  const guestAddress = bridgeAddressAt(bridge, index);
  return {
    ...{ mode, guestAddress, nat },
    hostAddress: guestAddress.replace(/\/.*$/, ''),
    gateway: bridge.gateway,
    dnsServers: [],
    bridge: { name: bridge.name, tap: bridge.tapOf(index), isolated },
  };
}
