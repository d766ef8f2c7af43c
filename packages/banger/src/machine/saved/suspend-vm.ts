import assert from 'node:assert/strict';

import { journaled, journalOf } from '../journal.ts';
import { startSteps, type MachineDeps } from '../machine-deps.ts';
import { silent, type Operation } from '../operation.ts';
import type { OwnedVm } from '../owned-vm.ts';
import { undoSteps } from '../run-steps.ts';
import { goOn, liveOf, stopListening } from './pause-vm.ts';
import { saveMachine, syncGuest } from './save-machine.ts';
import { within } from '../within.ts';

const MONITOR_MS = 10_000;
const LEAVE_MS = 5_000;

/**
 * A VM in state `suspending`: saves memory and devices, then ends its monitor. Until they are in place it can be resumed,
 * and every failure does; from then on it is suspended, whatever happens.
 */
export async function suspendVm(
  vm: OwnedVm,
  deps: MachineDeps,
  operation: Operation & { readonly wasPaused: boolean },
): Promise<void> {
  const { plan } = vm.record;
  assert(plan, 'a VM that runs has a plan');
  const { signal, progress, wasPaused } = operation;
  const { savedDir } = plan.paths;
  const live = liveOf(vm, deps);
  const journal = journalOf(deps, vm.id, operation.id);
  try {
    progress.stage({ name: 'save', text: `Saving the memory of ${plan.spec.name}` });
    if (!wasPaused) {
      await syncGuest(vm, deps, signal);
      // Its commands end in good order here; a restored agent would find them cut off.
      await live.guest?.leave(within(signal, LEAVE_MS)).catch(() => undefined);
    }
    await live.guest?.[Symbol.asyncDispose]();
    live.guest = undefined;
    stopListening(live);
    await live.vmm.pause(within(signal, MONITOR_MS));
    const draft = await deps.saved.begin(savedDir);
    const manifest = await journaled(journal, 'save', () =>
      saveMachine(vm, deps, { to: draft, withDisks: false, signal }),
    );
    signal.throwIfAborted();
    await journaled(journal, 'commit', () => deps.saved.commit(draft, savedDir, manifest));
  } catch (error) {
    await deps.saved.remove(savedDir);
    try {
      if (!live.vmm.gone.aborted && !wasPaused) await goOn(live);
    } finally {
      // Also of a monitor that has ended: that is looked at next, as of any VM that was up.
      vm.save({ state: { name: wasPaused ? 'paused' : 'running' } }, operation.id);
    }
    throw error;
  }
  await endSuspended(vm, deps, operation.id);
}

/** Its state is in place: the monitor is no longer needed. */
export async function endSuspended(
  vm: OwnedVm,
  deps: MachineDeps,
  operation: string,
): Promise<void> {
  const { plan } = vm.record;
  assert(plan, 'a VM that was saved has a plan');
  const leftovers = await undoSteps(
    startSteps(deps, silent),
    plan,
    journalOf(deps, vm.id, operation),
  );
  const reason = `suspending it left ${leftovers.join(', ')} behind`;
  vm.save(
    {
      state:
        leftovers.length > 0
          ? { name: 'error', reason, leftovers: [...leftovers] }
          : { name: 'suspended' },
      startedAt: null,
    },
    operation,
  );
}
