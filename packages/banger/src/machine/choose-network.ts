import { BangerError } from '@banger/protocol/errors';
import type { NetworkName } from '@banger/protocol/vm';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

/** What the choice depends on: the request first, then the configuration. */
export interface NetworkWishes extends Pick<CreateVmRequest, 'nat' | 'isolated'> {
  readonly network: 'auto' | NetworkName;
  readonly vmm: 'auto' | 'qemu' | 'firecracker';
}

export interface ChosenNetwork {
  readonly network: NetworkName;
  readonly nat: boolean;
  readonly isolated: boolean;
}

/**
 * Which network a VM is on, and what it may there. `auto` is `user`, which needs nothing of the host, except for a VM of
 * Firecracker, which has nothing but taps. On the bridge nothing is open unless it was asked for. Pure.
 */
export function chooseNetwork({ network, vmm, nat, isolated }: NetworkWishes): ChosenNetwork {
  const chosen = network !== 'auto' ? network : vmm === 'firecracker' ? 'bridge' : 'user';
  if (chosen === 'user' && isolated === false) {
    throw new BangerError(
      'usage.invalid',
      'Cannot open a VM to others on network "user": each is alone on one of its own',
      { hint: '--network bridge --no-isolate' },
    );
  }
  return {
    network: chosen,

    nat: nat ?? chosen === 'user',
    isolated: isolated ?? true,
  };
}
