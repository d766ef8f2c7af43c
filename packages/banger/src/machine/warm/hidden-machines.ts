import { type Limits, noLimits } from '@banger/protocol/limits';
import type { VmSpec } from '@banger/protocol/vm';

import type { Places } from '../network-place.ts';
import type { HiddenPurpose } from '../population.ts';
import type { Supervisor } from '../supervisor.ts';

/** Machines that no user has asked for: they are supervised, recorded and recovered like all others, and never shown. */
export interface HiddenMachines {
  /** Stores a record; nothing of it is made yet */
  insert(purpose: HiddenPurpose, spec: VmSpec): Supervisor;
  delete(vm: Supervisor): Promise<void>;
  readonly places: Places;
}

/**
 * What the host is told of a machine that nobody uses: on a bridge, to let it nowhere; on QEMU's own stack it is told nothing.
 * Nothing slows it down.
 */
export function hiddenTerms({ network }: VmSpec): Pick<VmSpec, 'nat' | 'isolated' | keyof Limits> {
  return { nat: network === 'user', isolated: true, ...noLimits };
}
