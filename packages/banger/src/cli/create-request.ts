import type { CreateOptions } from '@banger/sdk';

import type { FlagValues } from './flags.ts';
import type { sizeFlags, specFlags } from './vm-flags.ts';

/** What is asked for, from the flags; what was left out is the daemon's to choose. */
export function createRequest(flags: FlagValues<typeof specFlags>): CreateOptions {
  const { name, image, kernel, vcpu, nat, network, isolate, vmm, accel, noTemplate, publish } =
    flags;
  const sizes = { memoryMib: flags.memory, diskMib: flags.diskSize };
  const limits = limitsChange(flags);
  return {
    name,
    image,
    kernel,
    vcpu,
    nat,
    network,
    isolated: isolate,
    vmm,
    accel,
    template: !noTemplate,
    publish: [...publish],
    ...sizes,
    ...limits,
  };
}

/** Of `vm set`, too. */
export function limitsChange(flags: LimitFlags) {
  return {
    diskMibPerSecond: flags.diskBandwidth,
    diskOpsPerSecond: flags.diskIops,
    networkMibPerSecond: flags.networkBandwidth,
  };
}

type LimitFlags = Pick<
  FlagValues<typeof sizeFlags>,
  'diskBandwidth' | 'diskIops' | 'networkBandwidth'
>;
