import { toBangerError } from '@banger/protocol/errors';
import type { VmState } from '@banger/protocol/vm';

import { journalOf } from './journal.ts';
import { startSteps, type MachineDeps } from './machine-deps.ts';
import { backgroundOperation, silent, type Operation } from './operation.ts';
import type { MachinePlan } from './plan.ts';
import { undoSteps } from './run-steps.ts';
import { finishRestore, removeRestoreCopies } from './saved/restore-vm.ts';
import { isSaved } from './saved/saved-start.ts';
import { keepOnlySnapshots } from './saved/snapshots.ts';
import { endSuspended } from './saved/suspend-vm.ts';
import { stopVm } from './stop-vm.ts';
import type { Supervisor } from './supervisor.ts';

const MONITOR_MS = 10_000;
const NETWORK_MS = 30_000;

/**
 * At daemon start, for each VM: compares what should be (the record) with what is (run files, processes), then adopts
 * what runs, finishes what was being taken down, and undoes what was being made. Repeatable; a daemon killed in the
 * middle of it is followed by one that does the same.
 */
export async function reconcile(
  vm: Supervisor,
  deps: MachineDeps,
  operation: Operation,
): Promise<void> {
  const { settled, ephemeral, purpose, state, plan } = vm.record;
  // Nobody waits any more for a VM that was being created, nor for one that belonged to a client's connection.
  const isNobodys = !settled || ephemeral || purpose !== 'user';
  if (isNobodys || state.name === 'deleting') return vm.delete(operation);
  if (plan === null) return;
  if (state.name !== 'restoring') await removeRestoreCopies(deps, plan);
  await keepOnlySnapshots(vm, deps);
  await vm.alone(async (signal) => {
    switch (state.name) {
      case 'running':
      case 'paused':
        return adoptUp(vm, deps, { plan, isPaused: state.name === 'paused' });
      case 'suspending':
        // Either its state was in place, and it is suspended; or it was not, and it goes on.
        if (await isSaved(vm, deps.saved)) return endSuspended(vm, deps, operation.id);
        vm.save({ state: { name: state.paused === true ? 'paused' : 'running' } }, operation.id);
        return adoptUp(vm, deps, { plan, isPaused: state.paused === true });
      case 'restoring':
        return finishRestore(vm, deps, { name: state.snapshot, operation: operation.id });
      case 'stopping':
        // A monitor that does not answer is ended without the guest's help, like a guest that does not answer.
        await adopt(vm, deps, plan).catch(() => false);
        return stopVm(vm, deps, { operation });
      case 'starting':
        return undo(vm, deps, 'the daemon ended while it was starting');
      case 'error':
        if (state.leftovers.length > 0) await undo(vm, deps, state.reason);
        return;
      case 'created':
      case 'stopped':
      case 'suspended':
        return;
    }
    signal.throwIfAborted();
  }, operation.signal);
}

/** A save or a pause that its daemon did not live to finish may have left its vCPUs standing. */
async function adoptUp(
  vm: Supervisor,
  deps: MachineDeps,
  { plan, isPaused }: { readonly plan: MachinePlan; readonly isPaused: boolean },
): Promise<void> {
  if (!(await adopt(vm, deps, plan))) {
    return undo(vm, deps, 'its monitor ended while no daemon was running');
  }
  await deps.saved.remove(plan.paths.savedDir);
  const live = deps.running.get(vm.id);
  const limit = AbortSignal.timeout(MONITOR_MS);
  await (isPaused ? live?.vmm.pause(limit) : live?.vmm.resume(limit));
}

async function adopt(vm: Supervisor, deps: MachineDeps, plan: MachinePlan): Promise<boolean> {
  const vmm = await deps.driverOf(plan).adopt(plan, AbortSignal.timeout(10_000));
  if (vmm === undefined) return false;
  vm.watch(deps.running.own(vm.id, vmm));
  await attachAgain(vm, deps, plan);
  return true;
}

/** What the host had for it may be gone. A guest whose network cannot be put right is still a guest. */
async function attachAgain(vm: Supervisor, deps: MachineDeps, plan: MachinePlan): Promise<void> {
  try {
    await deps.networkOf(plan).attach(plan, AbortSignal.timeout(NETWORK_MS));
  } catch (error) {
    vm.warn(`Its network may not work: ${toBangerError(error).message}`);
  }
}

async function undo(vm: Supervisor, deps: MachineDeps, reason: string): Promise<void> {
  const { plan } = vm.record;
  if (plan === null) return;
  const { id } = backgroundOperation();
  const leftovers = await undoSteps(startSteps(deps, silent), plan, journalOf(deps, vm.id, id));
  const state = await stateAfterUndo(vm, deps, { reason, leftovers });
  vm.save({ state, startedAt: null }, id);
}

async function stateAfterUndo(
  vm: Supervisor,
  { saved }: MachineDeps,
  { reason, leftovers }: { readonly reason: string; readonly leftovers: readonly string[] },
): Promise<VmState> {
  if (leftovers.length > 0) return { name: 'error', reason, leftovers: [...leftovers] };
  // A start from a saved state that had not come as far as the guest's next instruction has lost nothing.
  return (await isSaved(vm, saved)) ? { name: 'suspended' } : { name: 'stopped', reason };
}
