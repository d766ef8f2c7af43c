import { isDeepStrictEqual } from 'node:util';

import type { VmSpec } from '@banger/protocol/vm';
import type { SetVmRequest } from '@banger/protocol/vm-requests';

import { limitsOf, requireLimits } from './choose-limits.ts';
import { isUp } from './decide.ts';
import type { MachineDeps } from './machine-deps.ts';
import type { OwnedVm } from './owned-vm.ts';
import type { MachinePlan } from './plan.ts';
import { changeSpec, type HostSize } from './spec.ts';

export interface VmChanging {
  readonly change: SetVmRequest;
  readonly host: HostSize;
  readonly operation: string;
  readonly signal: AbortSignal;
}

/** What a change has to be asked for as: some are nothing to the guest, and need no stopped VM. Pure. */
export function changeRequest(change: SetVmRequest, spec: VmSpec): 'change' | 'change-live' {
  const { nat, diskMibPerSecond, diskOpsPerSecond, networkMibPerSecond, ...others } = change;
  const limits = [diskMibPerSecond, diskOpsPerSecond, networkMibPerSecond];
  const isGiven = (value: unknown) => value !== undefined;
  if (Object.values(others).some(isGiven)) return 'change';
  // On a bridge the host decides what a guest may, and the guest need not be asked.
  if (isGiven(nat)) return spec.network === 'bridge' ? 'change-live' : 'change';
  return limits.some(isGiven) ? 'change-live' : 'change';
}

/** Gives a VM another spec, and the host what follows from it. */
export async function changeVm(
  vm: OwnedVm,
  deps: Pick<MachineDeps, 'disks' | 'networkOf' | 'driverOf' | 'running'>,
  { change, host, operation, signal }: VmChanging,
): Promise<void> {
  const { plan, state, spec: old } = vm.record;
  const spec = changeSpec(old, change, host);
  if (plan === null) {
    vm.save({ spec, state }, operation);
    return;
  }
  const next = { ...plan, spec, network: { ...plan.network, nat: spec.nat } };
  requireLimits(spec, deps.driverOf(next).features);
  if (changeRequest(change, old) === 'change') {
    await deps.disks.grow(plan.paths.workDisk, spec.diskMib);
  } else if (isUp(state)) await changeLive(next, { old, deps, signal });
  vm.save({ spec, state, plan: next }, operation);
}

interface LiveChange {
  readonly old: VmSpec;
  readonly deps: Pick<MachineDeps, 'networkOf' | 'running'>;
  readonly signal: AbortSignal;
}

async function changeLive(plan: MachinePlan, { old, deps, signal }: LiveChange): Promise<void> {
  if (plan.spec.nat !== old.nat) await deps.networkOf(plan).attach(plan, signal);
  const limits = limitsOf(plan.spec);
  if (isDeepStrictEqual(limits, limitsOf(old))) return;
  await deps.running.get(plan.id)?.vmm.setLimits(limits, signal);
}
