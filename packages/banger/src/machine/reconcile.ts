import { journalOf } from './journal.ts';
import { startSteps, type MachineDeps } from './machine-deps.ts';
import { backgroundOperation, silent } from './operation.ts';
import type { MachinePlan } from './plan.ts';
import { undoSteps } from './run-steps.ts';
import { stopVm } from './stop-vm.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * At daemon start, for each VM: compares what should be (the record) with what is (run files, processes), then adopts
 * what runs, finishes what was being taken down, and undoes what was being made. Repeatable; a daemon killed in the
 * middle of it is followed by one that does the same.
 */
export async function reconcile(vm: Supervisor, deps: MachineDeps): Promise<void> {
  const operation = backgroundOperation();
  const { settled, ephemeral, state, plan } = vm.record;
  // Nobody waits any more for a VM that was being created, nor for one that belonged to a client's connection.
  if (!settled || ephemeral || state.name === 'deleting') return vm.delete(operation);
  if (plan === null) return;
  await vm.alone(async (signal) => {
    switch (state.name) {
      case 'running':
        if (await adopt(vm, deps, plan)) return;
        return undo(vm, deps, 'its monitor ended while no daemon was running');
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
        return;
    }
    signal.throwIfAborted();
  }, operation.signal);
}

async function adopt(vm: Supervisor, deps: MachineDeps, plan: MachinePlan): Promise<boolean> {
  const vmm = await deps.driverOf(plan).adopt(plan, AbortSignal.timeout(10_000));
  if (vmm === undefined) return false;
  vm.watch(deps.running.own(vm.id, vmm));
  return true;
}

async function undo(vm: Supervisor, deps: MachineDeps, reason: string): Promise<void> {
  const { plan } = vm.record;
  if (plan === null) return;
  const { id } = backgroundOperation();
  const leftovers = await undoSteps(startSteps(deps, silent), plan, journalOf(deps, vm.id, id));
  const state =
    leftovers.length === 0
      ? { name: 'stopped' as const, reason }
      : { name: 'error' as const, reason, leftovers: [...leftovers] };
  vm.save({ state, startedAt: null }, id);
}
