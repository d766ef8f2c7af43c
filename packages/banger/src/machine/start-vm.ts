import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';
import type { Timing, VmState } from '@banger/protocol/vm';

import { journalOf } from './journal.ts';
import { startSteps, type MachineDeps } from './machine-deps.ts';
import type { Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import { powerOn, type MachinePlan } from './plan.ts';
import { runSteps } from './run-steps.ts';
import { isSaved, savedStart } from './saved/saved-start.ts';
import { startTimings, Waterfall } from './waterfall.ts';
import { describeVmm } from './describe-vmm.ts';
import { tellStarted } from './tell-started.ts';

/**
 * Brings a VM in state `starting` up: from where it was suspended, else from a template of an agent that waits for its
 * disks, else from power-on; or as `given` says. On a failure everything of the run is undone, and the state says what is
 * left: `suspended` when nothing of what was saved is lost, `error` when the guest was never reached (kept for its logs)
 * or something could not be undone, else `stopped`.
 */
export async function startVm(
  vm: OwnedVm,
  deps: MachineDeps,
  operation: Operation,
  given?: MachinePlan,
): Promise<void> {
  if (vm.record.state.name !== 'starting') vm.save({ state: { name: 'starting' } }, operation.id);
  const { waterfall = new Waterfall(deps.clock) } = operation;
  const timed = { ...operation, waterfall };
  try {
    const attempt = async (plan: MachinePlan) => {
      if (plan !== vm.record.plan) vm.adoptPlan(plan, operation.id);
      await runWithFallback(vm, deps, { plan, operation: timed });
    };
    if (given !== undefined) await attempt(given);
    else await startAgain(vm, deps, { operation: timed, attempt });
  } catch (error) {
    vm.save({ state: await stateAfterFailure(error, vm, deps), startedAt: null }, operation.id);
    throw error;
  }
}

interface Again {
  readonly operation: Operation;
  readonly attempt: (plan: MachinePlan) => Promise<void>;
}

async function startAgain(
  vm: OwnedVm,
  deps: MachineDeps,
  { operation, attempt }: Again,
): Promise<void> {
  const plan = await currentPlan(vm, deps, operation);
  const resumed = await savedStart(plan, deps, operation.signal);
  if (resumed !== undefined) return attempt({ ...plan, start: resumed });
  if (!vm.record.warm) return attempt(plan);
  return deps.warm.from('t0', { plan, operation }, attempt);
}

/** A new build of the agent has an initrd of its own; and what the VM was made from must still be what it was. */
async function currentPlan(
  vm: OwnedVm,
  deps: MachineDeps,
  { signal }: Operation,
): Promise<MachinePlan> {
  const { plan } = vm.record;
  assert(plan, 'a VM that starts has a plan');
  const [image, kernel] = await Promise.all([
    plan.imageId === null ? undefined : deps.images.find(plan.imageId),
    deps.kernels.find(plan.kernelId),
  ]);
  if (image === undefined || kernel === undefined)
    throw partMissing(plan, image === undefined ? 'image' : 'kernel');
  const initrd = await deps.kernels.initrd(kernel, signal);
  return { ...plan, start: powerOn, paths: { ...plan.paths, initrd } };
}

function partMissing(
  { spec, imageId, kernelId }: MachinePlan,
  part: 'image' | 'kernel',
): BangerError {
  const wanted = part === 'image' ? imageId : kernelId;
  return new BangerError(
    `${part}.not_found`,
    `Cannot start VM "${spec.name}": its ${part} ${String(wanted)} is no longer in the store`,
    { hint: `banger ${part} pull --force ${spec[part]}` },
  );
}

interface Run {
  readonly plan: MachinePlan;
  readonly operation: Operation & { readonly waterfall: Waterfall };
}

/** KVM that was chosen by itself and never reaches the agent is given up for emulation, once and with a warning. */
async function runWithFallback(vm: OwnedVm, deps: MachineDeps, run: Run): Promise<void> {
  const { plan, operation } = run;
  try {
    await runOnce(vm, deps, run);
  } catch (error) {
    if (!mayFallBack(error, plan)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    deps.kvmFailed(why);
    const warning = `KVM did not bring the guest up, so it runs emulated (slower): ${why}`;
    operation.progress.warn(warning);
    // Only QEMU emulates. Firecracker that was asked for by name does not come here.
    const vmm = plan.spec.vmm === 'firecracker' ? 'qemu' : plan.spec.vmm;
    vm.adoptPlan({ ...plan, spec: { ...plan.spec, vmm, accel: 'tcg' } }, operation.id);
    vm.save({ warnings: [...vm.record.warnings, warning] }, operation.id);
    assert(vm.record.plan, 'just stored');
    await runOnce(vm, deps, { plan: vm.record.plan, operation });
  }
}

function mayFallBack(error: unknown, { spec, start }: MachinePlan): boolean {
  if (spec.accel !== 'kvm' || !spec.accelAuto || !(error instanceof BangerError)) return false;
  if (start.from !== 'power-on') return false; // KVM has worked before.
  return error.code === 'guest.unreachable' || error.code === 'host.kvm_unavailable';
}

async function runOnce(vm: OwnedVm, deps: MachineDeps, run: Run): Promise<void> {
  const { plan, operation } = run;
  const { id, signal, progress, waterfall } = operation;
  const journal = journalOf(deps, plan.id, id);
  const warn = (message: string) => {
    vm.save({ warnings: [...vm.record.warnings, message] }, id);
    progress.warn(message);
  };
  waterfall.markFirst('plan');
  const steps = startSteps(deps, { ...progress, warn });
  const took = await runSteps(steps, plan, { journal, signal, progress, clock: deps.clock });
  settle(vm, deps, { took, run });
}

function settle(
  vm: OwnedVm,
  deps: MachineDeps,
  { took, run }: { readonly took: readonly Timing[]; readonly run: Run },
): void {
  const live = deps.running.get(vm.id);
  assert(live, 'a VM that has started has a monitor');
  const { vmm, booted, hygiene } = live;
  const { plan, operation } = run;
  const { waterfall } = operation;
  live.firstExecFromMs = waterfall.originMs;
  vm.save(
    {
      state: { name: 'running' },
      startedAt: deps.clock.now().toISOString(),
      bootId: booted?.bootId ?? live.bootId ?? null,
      timings: waterfall.with(startTimings(took, plan.start, live)),
      startedFrom: { kind: plan.start.from, template: plan.start.template },
      hygiene: [...hygiene],
      vmm: describeVmm(vm.record.spec.vmm, vmm),
    },
    operation.id,
  );
  vm.watch(live);
  tellStarted(vm.record, deps, operation.id);
}

async function stateAfterFailure(
  error: unknown,
  vm: OwnedVm,
  { saved }: MachineDeps,
): Promise<VmState> {
  const reason = error instanceof Error ? error.message : String(error);
  const leftovers = error instanceof BangerError ? leftoversOf(error) : [];
  const unreached = error instanceof BangerError && error.code === 'guest.unreachable';
  if (leftovers.length > 0) return { name: 'error', reason, leftovers: [...leftovers] };
  if (await isSaved(vm, saved)) return { name: 'suspended' };
  return unreached ? { name: 'error', reason, leftovers: [] } : { name: 'stopped', reason };
}

function leftoversOf({ details }: BangerError): readonly string[] {
  const { leftovers } = details;
  return Array.isArray(leftovers) ? leftovers.map(String) : [];
}
