import { BangerError } from '@banger/protocol/errors';

import { notAdopted } from '../refusals.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { Operation } from '../operation.ts';
import type { OwnedVm } from '../owned-vm.ts';
import type { LiveVm } from '../running-vms.ts';
import { within } from '../within.ts';

const MONITOR_MS = 10_000;
const CLOCK_MS = 5_000;

/** Stops the vCPUs of a running VM. The connection to its agent stays, and nobody wonders at its silence. */
export async function pauseVm(vm: OwnedVm, deps: MachineDeps, operation: Operation): Promise<void> {
  const live = liveOf(vm, deps);
  stopListening(live);
  try {
    await live.vmm.pause(within(operation.signal, MONITOR_MS));
    vm.save({ state: { name: 'paused' } }, operation.id);
  } catch (error) {
    await goOn(live);
    throw error;
  }
}

/** Lets the vCPUs of a paused VM run, with the right time. */
export async function resumeVm(
  vm: OwnedVm,
  deps: MachineDeps,
  operation: Operation,
): Promise<void> {
  const live = liveOf(vm, deps);
  await live.vmm.resume(within(operation.signal, MONITOR_MS));
  listenAgain(live);
  vm.save({ state: { name: 'running' } }, operation.id);
  await setClock(vm, live, operation);
}

/** A guest that does not answer now is told the time when it is next connected to, by nobody: it is said. */
async function setClock(vm: OwnedVm, live: LiveVm, { signal, progress }: Operation): Promise<void> {
  const limit = within(signal, CLOCK_MS);
  try {
    const guest = await vm.connect(live, limit);
    await guest.syncClock(limit);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof BangerError ? error.message : 'its agent does not answer';
    progress.warn(`The clock of VM "${vm.record.name}" could not be set: ${why}`);
  }
}

/** The live handles of a VM that runs or stands. */
export function liveOf(vm: OwnedVm, { running }: Pick<MachineDeps, 'running'>): LiveVm {
  const live = running.get(vm.id);
  if (live === undefined) throw notAdopted(vm.record);
  return live;
}

export function stopListening(live: LiveVm): void {
  live.silence ??= live.guest?.expectSilence();
}

export function listenAgain(live: LiveVm): void {
  live.silence?.[Symbol.dispose]();
  live.silence = undefined;
}

/** Whatever stopped its vCPUs; for every way out of work that needed them to stand. */
export async function goOn(live: LiveVm): Promise<void> {
  await live.vmm.resume(AbortSignal.timeout(MONITOR_MS));
  listenAgain(live);
}
