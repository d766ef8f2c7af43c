import assert from 'node:assert/strict';

import type { MachineFiles } from '../../host/machine-files.ts';
import type { SavedManifest } from '../../saved/saved-states.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { OwnedVm } from '../owned-vm.ts';
import { endedMeanwhile } from '../refusals.ts';
import { within } from '../within.ts';
import { liveOf, listenAgain, stopListening } from './pause-vm.ts';

export interface SaveMachine {
  readonly to: MachineFiles;
  /** Copies of the disks as of that instant go there, too */
  readonly withDisks: boolean;
  readonly signal: AbortSignal;
}

const SYNC_MS = 10_000;

/**
 * Writes memory, devices and, if asked, disks of a VM as of one instant. Afterwards it runs if it ran before. Resolves with
 * what a monitor must be to load them.
 */
export async function saveMachine(
  vm: OwnedVm,
  deps: MachineDeps,
  { to, withDisks, signal }: SaveMachine,
): Promise<SavedManifest> {
  const live = liveOf(vm, deps);
  const { plan } = vm.record;
  assert(plan, 'a VM that runs has a plan');
  const { digest, version, processor } = await deps.driverOf(plan).fingerprint(plan, signal);
  const wasSilent = live.silence !== undefined;
  if (!wasSilent) stopListening(live);
  try {
    await live.vmm.save(to, { atPause: copyDisks, signal });
  } catch (error) {
    throw live.vmm.gone.aborted ? endedMeanwhile(vm.record, error) : error;
  } finally {
    if (!wasSilent) listenAgain(live);
  }
  return {
    createdAt: deps.clock.now().toISOString(),
    fingerprint: digest,
    vmmVersion: version,
    processor,
    memoryMib: plan.spec.memoryMib,
  };

  async function copyDisks(): Promise<void> {
    assert(plan, 'checked above');
    if (!withDisks) return;
    const { overlayDisk, workDisk } = plan.paths;
    const files = [
      { from: overlayDisk, to: to.overlayDisk },
      { from: workDisk, to: to.workDisk },
    ];
    await deps.disks.copy(files, signal);
  }
}

/** What the guest has written so far is on its disks, if it runs and answers; a crash-consistent copy is good, too. */
export async function syncGuest(
  vm: OwnedVm,
  deps: MachineDeps,
  signal: AbortSignal,
): Promise<void> {
  if (vm.record.state.name !== 'running') return;
  const limit = within(signal, SYNC_MS);
  try {
    const guest = await vm.connect(liveOf(vm, deps), limit);
    await guest.sync(limit);
  } catch {
    signal.throwIfAborted(); // A guest that is too busy is saved as it is.
  }
}
