import { BangerError } from '@banger/protocol/errors';
import { VmId, type TemplateId } from '@banger/protocol/ids';

import type { CreateDeps } from '../create-vm.ts';
import { makePlan } from '../make-plan.ts';
import type { Operation } from '../operation.ts';
import type { NewVm, Population } from '../population.ts';
import type { Supervisor } from '../supervisor.ts';
import { claimStandby } from './claim-standby.ts';
import type { Standbys } from './standbys.ts';
import type { TemplateKeeper } from './template-keeper.ts';

export interface TakeDeps {
  readonly deps: CreateDeps;
  readonly keeper: TemplateKeeper;
  readonly standbys: Standbys;
  readonly population: Population;
}

/** A standby of the shape that is wanted, as the VM that is wanted; undefined when there is none that will do. */
export async function takeStandby(
  parts: TakeDeps,
  { vm, operation }: { readonly vm: NewVm; readonly operation: Operation },
): Promise<Supervisor | undefined> {
  const { deps, standbys, population } = parts;
  // On QEMU's own stack a standby is open to the outside; on a bridge the host decides.
  const isOpen = vm.spec.network === 'user';
  if (standbys.isEmpty || (isOpen && !vm.spec.nat)) return undefined;
  const id = await templateFor(parts, vm, operation.signal);
  const standby = id && standbys.take(id);
  if (id === undefined || standby === undefined) return undefined;
  try {
    await claimStandby(standby, deps, { vm, operation });
    return standby;
  } catch (error) {
    if (error instanceof BangerError && error.code === 'vm.name_taken') {
      standbys.putBack(id, standby);
      throw error;
    }
    await population.delete(standby);
    operation.signal.throwIfAborted();
    return undefined; // It is in the journal; the VM is made in the ordinary way.
  }
}

async function templateFor(
  { deps, keeper }: TakeDeps,
  { spec }: NewVm,
  signal: AbortSignal,
): Promise<TemplateId | undefined> {
  // What is damaged is found out, and told, by the ordinary way.
  const [image, kernel] = await Promise.all([
    deps.images.find(spec.image).catch(() => undefined),
    deps.kernels.find(spec.kernel).catch(() => undefined),
  ]);
  if (image === undefined || kernel === undefined) return undefined;
  const initrd = await deps.kernels.initrd(kernel, signal);
  const parts = { id: PROBE, spec, image, kernel, initrd, dirs: deps.dirs };
  const plan = makePlan({ ...parts, network: deps.places.any(spec) });
  return keeper.idFor('t1', plan, signal);
}

/** A plan that is only asked for its shape has nobody's id. */
const PROBE = VmId.parse('vm_0000000000');
