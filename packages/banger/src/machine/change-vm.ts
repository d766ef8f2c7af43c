import type { VmSpec } from '@banger/protocol/vm';
import type { SetVmRequest } from '@banger/protocol/vm-requests';

import { isUp } from './decide.ts';
import type { MachineDeps } from './machine-deps.ts';
import type { OwnedVm } from './owned-vm.ts';
import { changeSpec, type HostSize } from './spec.ts';

export interface VmChanging {
  readonly change: SetVmRequest;
  readonly host: HostSize;
  readonly operation: string;
  readonly signal: AbortSignal;
}

/** What a change has to be asked for as: some are nothing to the guest, and need no stopped VM. Pure. */
export function changeRequest(change: SetVmRequest, spec: VmSpec): 'change' | 'change-network' {
  const { nat, ...others } = change;
  const isAlone = Object.values(others).every((value) => value === undefined);
  // On a bridge the host decides what a guest may, and the guest need not be asked.
  return spec.network === 'bridge' && nat !== undefined && isAlone ? 'change-network' : 'change';
}

/** Gives a VM another spec, and the host what follows from it. */
export async function changeVm(
  vm: OwnedVm,
  { disks, networkOf }: Pick<MachineDeps, 'disks' | 'networkOf'>,
  { change, host, operation, signal }: VmChanging,
): Promise<void> {
  const { plan, state, spec: old } = vm.record;
  const spec = changeSpec(old, change, host);
  if (plan === null) {
    vm.save({ spec, state }, operation);
    return;
  }
  const next = { ...plan, spec, network: { ...plan.network, nat: spec.nat } };
  if (changeRequest(change, old) === 'change') await disks.grow(plan.paths.workDisk, spec.diskMib);
  else if (isUp(state)) await networkOf(next).attach(next, signal);
  vm.save({ spec, state, plan: next }, operation);
}
