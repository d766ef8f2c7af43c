import { BangerError } from '@banger/protocol/errors';

import type { WorkOptions } from '../host/work.ts';
import type { StoredImage } from '../image/images.ts';
import type { StoredKernel } from '../kernel/kernels.ts';
import { journalOf } from './journal.ts';
import { createSteps, type MachineDeps, type StepDeps } from './machine-deps.ts';
import { makePlan, type PlanParts } from './make-plan.ts';
import type { Places } from './network-place.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import type { MachinePlan } from './plan.ts';
import { runSteps } from './run-steps.ts';
import { startVm } from './start-vm.ts';
import type { Supervisor } from './supervisor.ts';

export interface CreateDeps extends MachineDeps {
  readonly dirs: PlanParts['dirs'];
  readonly places: Places;
}

/**
 * Everything between the stored record and a VM that is ready. Whatever goes wrong, nothing of it stays; except that a
 * VM whose guest was never reached is kept, in state `error`, for its logs.
 */
export async function createVm(
  vm: Supervisor,
  deps: CreateDeps,
  { operation, start }: { readonly operation: Operation; readonly start: boolean },
): Promise<void> {
  try {
    await vm.alone(async (signal) => {
      operation.waterfall?.mark('queue');
      const alone = { ...operation, signal };
      const plan = await plannedVm(vm, deps, alone);
      const make = (begun: MachinePlan) => makeAndStart(vm, deps, alone, begun);
      if (!start) await makeParts(vm, deps, alone, plan);
      else if (vm.record.warm) await deps.warm.from('t1', { plan, operation: alone }, make);
      else await make(plan);
      vm.save({ settled: true }, operation.id);
    }, operation.signal);
  } catch (error) {
    if (vm.record.state.name === 'error' && isUnreachable(error) && !operation.signal.aborted) {
      vm.save({ settled: true, ephemeral: false }, operation.id);
      throw kept(error, vm.record.name);
    }
    await vm.delete({ ...backgroundOperation(), id: operation.id });
    throw gone(error);
  }
}

async function plannedVm(
  vm: OwnedVm,
  deps: CreateDeps,
  operation: Operation,
): Promise<MachinePlan> {
  const { image, kernel } = await partsFor(vm, deps, operation);
  const initrd = await deps.kernels.initrd(kernel, operation.signal);
  const parts = { id: vm.id, spec: vm.record.spec, image, kernel, initrd, dirs: deps.dirs };
  const plan = makePlan({ ...parts, network: deps.places.free(vm.record.spec) });
  vm.adoptPlan(plan, operation.id); // In the same turn, so that nobody else gets the address.
  return plan;
}

/** An image that was not here before may be made for another kernel than was chosen without knowing it. */
async function partsFor(vm: OwnedVm, deps: CreateDeps, operation: Operation): Promise<VmParts> {
  const { image, kernel } = await pullBoth(vm, deps, operation);
  const { spec, provenance } = vm.record;
  const isChosen = provenance['kernel'] === 'flag' || provenance['kernel'] === 'image';
  if (image.kernel === null || isChosen || image.kernel === spec.kernel) return { image, kernel };
  vm.save(
    {
      spec: { ...spec, kernel: image.kernel },
      provenance: { ...provenance, kernel: 'image' },
    },
    operation.id,
  );
  return { image, kernel: await findOrPull(deps.kernels, image.kernel, operation) };
}

interface VmParts {
  readonly image: StoredImage;
  readonly kernel: StoredKernel;
}

/** What a VM has while it exists, and its first run. Repeatable: another beginning gives other disks. */
export async function makeAndStart(
  vm: OwnedVm,
  deps: MachineDeps,
  operation: Operation,
  plan: MachinePlan,
): Promise<void> {
  await makeParts(vm, deps, operation, plan);
  await startVm(vm, deps, operation, plan);
}

/** Stores the plan and makes what the VM has while it exists. */
export async function makeParts(
  vm: OwnedVm,
  deps: StepDeps,
  { id, signal, progress, waterfall }: Operation,
  plan: MachinePlan,
): Promise<void> {
  vm.adoptPlan(plan, id);
  waterfall?.mark('plan');
  const journal = journalOf(deps, vm.id, id);
  await runSteps(createSteps(deps), plan, { journal, signal, progress, clock: deps.clock });
  waterfall?.mark('disks');
}

/**
 * At the same time; when one fails the other is cancelled and waited for. What is stored is taken as it is: a `pull`
 * reads all of a kernel to check it, which takes a tenth as long as booting it.
 */
async function pullBoth(
  vm: OwnedVm,
  { images, kernels }: CreateDeps,
  { signal, progress }: Operation,
): Promise<VmParts> {
  const { spec } = vm.record;
  const other = new AbortController();
  const options = { signal: AbortSignal.any([signal, other.signal]), progress };
  const cancelOther = (error: unknown): never => {
    other.abort(error);
    throw error;
  };
  const [image, kernel] = await Promise.allSettled([
    findOrPull(images, spec.image, options).catch(cancelOther),
    findOrPull(kernels, spec.kernel, options).catch(cancelOther),
  ]);
  if (image.status === 'fulfilled' && kernel.status === 'fulfilled') {
    return { image: image.value, kernel: kernel.value };
  }
  // The first failure is the reason the other one was cancelled with.
  throw other.signal.reason;
}

async function findOrPull<T>(
  store: Store<T>,
  name: string,
  { signal, progress }: WorkOptions,
): Promise<T> {
  return (await store.find(name)) ?? (await store.pull(name, { signal, progress }));
}

interface Store<T> {
  find(reference: string): Promise<T | undefined>;
  pull(name: string, options: WorkOptions): Promise<T>;
}

function isUnreachable(error: unknown): error is BangerError {
  return error instanceof BangerError && error.code === 'guest.unreachable';
}

/** With the VM its logs are gone, and a hint at them leads nowhere. */
export function gone(error: unknown): unknown {
  if (!(error instanceof BangerError) || error.hint?.startsWith('banger vm ') !== true)
    return error;
  const { code, message, cause, details } = error;
  return new BangerError(code, message, { cause, details, hint: 'banger daemon logs' });
}

function kept(error: BangerError, name: string): BangerError {
  return new BangerError(error.code, `${error.message}; VM "${name}" is kept for its logs`, {
    cause: error.cause,
    hint: `banger vm logs ${name}; banger vm delete ${name}`,
    details: { ...error.details, kept: name },
  });
}
