import { createSystemKernelSettings } from '../host/system-kernel-settings.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { hasTunDevice } from '../host/tun-device.ts';
import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import { chooseFirewall } from '../network/bridge/choose-firewall.ts';
import { createBridgeHost } from '../network/bridge/create-bridge-host.ts';
import { ownerId } from '../network/bridge/marks.ts';
import type { HelperSettings } from './helper-settings.ts';

/** What a bridge changes on this host, for the owner in the settings; needs root's rights over the network. */
export function createRootBridgeHost({ owner, bridge }: HelperSettings): BridgeHost {
  const processes = createSystemProcesses();
  return createBridgeHost({
    settings: { ...bridge, owner: owner.stateDir, uid: owner.uid },
    processes,
    kernel: createSystemKernelSettings(),
    hasTunDevice,
    firewall: (signal) => chooseFirewall(processes, ownerId(owner.stateDir), signal),
  });
}
