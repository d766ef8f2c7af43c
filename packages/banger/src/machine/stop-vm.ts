import { BangerError } from '@banger/protocol/errors';
import type { VmState } from '@banger/protocol/vm';

import type { VmmExit } from '../vmm/driver.ts';
import { journalOf } from './journal.ts';
import { createSteps, startSteps, type MachineDeps } from './machine-deps.ts';
import { silent, type Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import { undoSteps } from './run-steps.ts';
import type { LiveVm } from './running-vms.ts';

/** From the request to power off to the monitor's end, before it is killed. */
const POWER_OFF_MS = { kvm: 30_000, tcg: 90_000 } as const;
/** After a signal other than SIGKILL a monitor has this long. */
const SIGNALLED_MS = 2_000;

export interface StopOptions {
  readonly operation: Operation;
  /** For the guest to power off; 0 ends the monitor at once */
  readonly timeoutMs?: number | undefined;
}

/** Ends the run of a VM, politely within the deadline, and undoes everything a start has made. */
export async function stopVm(vm: OwnedVm, deps: MachineDeps, options: StopOptions): Promise<void> {
  const { operation } = options;
  const { plan, state, spec } = vm.record;
  if (state.name !== 'stopping') vm.save({ state: { name: 'stopping' } }, operation.id);
  const live = deps.running.get(vm.id);
  const timeoutMs = options.timeoutMs ?? POWER_OFF_MS[spec.accel];
  let exit: VmmExit | undefined;
  if (live !== undefined) {
    operation.progress.stage({ name: 'power-off', text: `Powering ${spec.name} off` });
    exit = await (timeoutMs > 0 ? powerOff(vm, live, timeoutMs) : exitWithin(live, SIGNALLED_MS));
  }
  const leftovers =
    plan === null
      ? []
      : await undoSteps(startSteps(deps, silent), plan, journalOf(deps, vm.id, operation.id));
  // What was saved belongs to a run that is given up.
  if (plan !== null) await deps.saved.remove(plan.paths.savedDir);
  vm.save({ state: stateAfterStop(exit, leftovers), startedAt: null }, operation.id);
  if (leftovers.length > 0) throw leftBehind(vm, 'stop', leftovers);
}

/** Undoes everything that a VM has ever made, and forgets it. */
export async function removeVm(vm: OwnedVm, deps: MachineDeps, { id }: Operation): Promise<void> {
  const { plan } = vm.record;
  if (plan !== null) {
    const steps = [...createSteps(deps), ...startSteps(deps, silent)];
    const leftovers = await undoSteps(steps, plan, journalOf(deps, vm.id, id));
    if (leftovers.length > 0) {
      const reason = `deleting it left ${leftovers.join(', ')} behind`;
      vm.save({ state: { name: 'error', reason, leftovers: [...leftovers] } }, id);
      throw leftBehind(vm, 'delete', leftovers);
    }
  }
  deps.records.delete(vm.id);
  deps.journal.forget(vm.id);
}

/** Resolves with how the monitor ended, or undefined when it still runs after the deadline. */
async function powerOff(
  vm: OwnedVm,
  live: LiveVm,
  timeoutMs: number,
): Promise<VmmExit | undefined> {
  const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), live.vmm.gone]);
  try {
    await live.vmm.resume(deadline); // A paused guest cannot end itself.
    const guest = await vm.connect(live, deadline);
    await guest.sync(deadline);
    await guest.shutdown(deadline);
  } catch {
    // A guest that cannot be asked is ended below; how it was reached does not matter then.
    if (!live.vmm.gone.aborted) return undefined;
  }
  return exitWithin(live, timeoutMs);
}

/** Resolves with undefined when it has not ended by then. */
export async function exitWithin({ vmm }: LiveVm, ms: number): Promise<VmmExit | undefined> {
  const deadline = AbortSignal.timeout(ms);
  const late = Promise.withResolvers<undefined>();
  deadline.addEventListener('abort', () => late.resolve(undefined), { once: true });
  return Promise.race([vmm.exited, late.promise]);
}

function stateAfterStop(exit: VmmExit | undefined, leftovers: readonly string[]): VmState {
  if (leftovers.length > 0) {
    return {
      name: 'error',
      reason: `stopping it left ${leftovers.join(', ')} behind`,
      leftovers: [...leftovers],
    };
  }
  switch (exit?.kind) {
    case 'crashed':
      return {
        name: 'error',
        reason: `the monitor ended ${howEnded(exit.exitCode)}; see ${exit.logFile}`,
        leftovers: [],
      };
    case 'killed':
      return { name: 'stopped', reason: `the monitor was ended by ${exit.signal}` };
    case 'guest-off':
    case 'guest-reset':
    case undefined:
      return { name: 'stopped' };
  }
}

/** Of an adopted monitor nobody is told the status. */
function howEnded(exitCode: number | null): string {
  return exitCode === null ? 'without a word' : `with status ${String(exitCode)}`;
}

function leftBehind(vm: OwnedVm, verb: string, leftovers: readonly string[]): BangerError {
  return new BangerError(
    'vm.start_failed',
    `Cannot ${verb} VM "${vm.record.name}" whole: ${leftovers.join(', ')} could not be undone`,
    { hint: `banger vm delete ${vm.record.name}`, details: { leftovers } },
  );
}
