import { BangerError } from '@banger/protocol/errors';
import type { NetworkName } from '@banger/protocol/vm';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

/** What the choice depends on: the request first, then the configuration. */
export interface NetworkWishes extends Pick<CreateVmRequest, 'nat' | 'isolated'> {
  readonly network: 'auto' | NetworkName;
  /** What `auto` is: the bridge for a VM of Firecracker, where there can be one */
  readonly byItself: NetworkName;
}

export interface ChosenNetwork {
  readonly network: NetworkName;
  readonly nat: boolean;
  readonly isolated: boolean;
}

/**
 * Which network a VM is on, and what it may there. Whoever asks for the bridge asks for what is to be open, too; whoever
 * asks for no network reaches the outside on every host alike, whatever monitor there is. Pure.
 */
export function chooseNetwork(wishes: NetworkWishes): ChosenNetwork {
  const { network, byItself, nat, isolated } = wishes;
  const chosen = network === 'auto' ? byItself : network;
  if (chosen === 'user' && isolated === false) {
    throw new BangerError(
      'usage.invalid',
      'Cannot open a VM to others on network "user": each is alone on one of its own',
      { hint: '--network bridge --no-isolate' },
    );
  }
  return {
    network: chosen,
    nat: nat ?? network !== 'bridge',
    isolated: isolated ?? true,
  };
}
