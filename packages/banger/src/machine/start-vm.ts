import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';
import type { Timing } from '@banger/protocol/vm';

import { journalOf } from './journal.ts';
import { startSteps, type MachineDeps } from './machine-deps.ts';
import type { Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import type { MachinePlan } from './plan.ts';
import { runSteps } from './run-steps.ts';

/**
 * Brings a VM in state `starting` up. On a failure everything of the run is undone, and the state says what is left:
 * `error` when the guest was never reached (kept for its logs) or something could not be undone, else `stopped`.
 */
export async function startVm(vm: OwnedVm, deps: MachineDeps, operation: Operation): Promise<void> {
  if (vm.record.state.name !== 'starting') vm.save({ state: { name: 'starting' } }, operation.id);
  try {
    const plan = await currentPlan(vm, deps, operation);
    const timings = await runWithFallback(vm, deps, { plan, operation });
    settle(vm, deps, { timings, operation });
  } catch (error) {
    vm.save({ state: stateAfterFailure(error), startedAt: null }, operation.id);
    throw error;
  }
}

/** A new build of the agent has an initrd of its own; and what the VM was made from must still be what it was. */
async function currentPlan(
  vm: OwnedVm,
  deps: MachineDeps,
  { id, signal }: Operation,
): Promise<MachinePlan> {
  const { plan } = vm.record;
  assert(plan, 'a VM that starts has a plan');
  const [image, kernel] = await Promise.all([
    deps.images.find(plan.imageId),
    deps.kernels.find(plan.kernelId),
  ]);
  if (image === undefined || kernel === undefined)
    throw partMissing(plan, image === undefined ? 'image' : 'kernel');
  const initrd = await deps.kernels.initrd(kernel, signal);
  if (initrd === plan.paths.initrd) return plan;
  const current = { ...plan, paths: { ...plan.paths, initrd } };
  vm.adoptPlan(current, id);
  return current;
}

function partMissing(
  { spec, imageId, kernelId }: MachinePlan,
  part: 'image' | 'kernel',
): BangerError {
  const wanted = part === 'image' ? imageId : kernelId;
  return new BangerError(
    `${part}.not_found`,
    `Cannot start VM "${spec.name}": its ${part} ${wanted} is no longer in the store`,
    { hint: `banger ${part} pull --force ${spec[part]}` },
  );
}

interface Run {
  readonly plan: MachinePlan;
  readonly operation: Operation;
}

/** KVM that was chosen by itself and never reaches the agent is given up for emulation, once and with a warning. */
async function runWithFallback(
  vm: OwnedVm,
  deps: MachineDeps,
  run: Run,
): Promise<readonly Timing[]> {
  const { plan, operation } = run;
  try {
    return await runOnce(vm, deps, run);
  } catch (error) {
    if (!mayFallBack(error, plan)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    deps.kvmFailed(why);
    const warning = `KVM did not bring the guest up, so it runs emulated (slower): ${why}`;
    operation.progress.warn(warning);
    vm.adoptPlan({ ...plan, spec: { ...plan.spec, accel: 'tcg' } }, operation.id);
    vm.save({ warnings: [...vm.record.warnings, warning] }, operation.id);
    assert(vm.record.plan, 'just stored');
    return runOnce(vm, deps, { plan: vm.record.plan, operation });
  }
}

function mayFallBack(error: unknown, { spec }: MachinePlan): boolean {
  if (spec.accel !== 'kvm' || !spec.accelAuto || !(error instanceof BangerError)) return false;
  return error.code === 'guest.unreachable' || error.code === 'host.kvm_unavailable';
}

function runOnce(
  vm: OwnedVm,
  deps: MachineDeps,
  { plan, operation }: Run,
): Promise<readonly Timing[]> {
  const { id, signal, progress } = operation;
  const journal = journalOf(deps, plan.id, id);
  const warn = (message: string) => {
    vm.save({ warnings: [...vm.record.warnings, message] }, id);
    progress.warn(message);
  };
  const steps = startSteps(deps, { ...progress, warn });
  return runSteps(steps, plan, { journal, signal, progress, clock: deps.clock });
}

function settle(
  vm: OwnedVm,
  deps: MachineDeps,
  { timings, operation }: { readonly timings: readonly Timing[]; readonly operation: Operation },
): void {
  const live = deps.running.get(vm.id);
  assert(live, 'a VM that has started has a monitor');
  const { vmm, booted } = live;
  const stages = (booted?.stages ?? []).map(({ name, ms }) => ({ name: `boot-guest/${name}`, ms }));
  vm.save(
    {
      state: { name: 'running' },
      startedAt: deps.clock.now().toISOString(),
      bootId: booted?.bootId ?? null,
      timings: [...timings, ...stages],
      vmm: {
        name: vm.record.spec.vmm,
        version: vmm.version,
        machine: vmm.machine,
        command: [...vmm.command],
      },
    },
    operation.id,
  );
  vm.watch(live);
}

function stateAfterFailure(error: unknown) {
  const reason = error instanceof Error ? error.message : String(error);
  const leftovers = error instanceof BangerError ? leftoversOf(error) : [];
  const unreached = error instanceof BangerError && error.code === 'guest.unreachable';
  if (leftovers.length > 0 || unreached)
    return { name: 'error' as const, reason, leftovers: [...leftovers] };
  return { name: 'stopped' as const, reason };
}

function leftoversOf({ details }: BangerError): readonly string[] {
  const { leftovers } = details;
  return Array.isArray(leftovers) ? leftovers.map(String) : [];
}
