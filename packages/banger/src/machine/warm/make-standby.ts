import { makeAndStart, type CreateDeps } from '../create-vm.ts';
import { planLike } from '../make-plan.ts';
import { backgroundOperation } from '../operation.ts';
import type { MachinePlan } from '../plan.ts';
import type { Population } from '../population.ts';
import { stopListening } from '../saved/pause-vm.ts';
import type { Supervisor } from '../supervisor.ts';
import { within } from '../within.ts';
import { hiddenTerms } from './hidden-machines.ts';

const PAUSE_MS = 10_000;
const EXEC_MS = 30_000;

/** A hidden VM that begins as `fork` does, warmed up and stopped. Whatever goes wrong, nothing of it stays. */
export async function makeStandby(
  deps: CreateDeps & { readonly population: Population },
  fork: MachinePlan,
  signal: AbortSignal,
): Promise<Supervisor> {
  const { population, places, dirs } = deps;
  const name = `standby-${population.freeName()}`.slice(0, 63);
  const { overlayMib = 0, workMib = 0 } = fork.start.disks ?? {};
  const sizes = { overlayMib, diskMib: workMib };
  const spec = { ...fork.spec, ...sizes, name, accelAuto: false, ...hiddenTerms(fork.spec) };
  const vm = population.insertHidden('standby', spec);
  try {
    await vm.alone(async (turn) => {
      const operation = { ...backgroundOperation(), signal: AbortSignal.any([turn, signal]) };
      const parts = { id: vm.id, spec, dirs, network: places.free(spec) };
      const plan = { ...planLike(fork, parts), start: fork.start };
      await makeAndStart(vm, deps, operation, plan);
      await warmUp(vm, deps, operation.signal);
    }, signal);
    return vm;
  } catch (error) {
    await population.delete(vm);
    throw error;
  }
}

/** The first command in a restored guest is the slow one. Then its vCPUs are stopped. */
async function warmUp(vm: Supervisor, { running }: CreateDeps, signal: AbortSignal): Promise<void> {
  const live = running.get(vm.id);
  if (live?.guest === undefined) throw new Error('a VM that has started has a guest');
  const request = { argv: ['true'], env: {}, stdin: false };
  const io = { input: noInput(), onOutput: () => undefined };
  // An image without it has been asked all the same, which is nearly as good.
  await live.guest.exec(request, io, within(signal, EXEC_MS)).catch(() => signal.throwIfAborted());
  stopListening(live);
  await live.vmm.pause(within(signal, PAUSE_MS));
  vm.save({ state: { name: 'paused' } }, backgroundOperation().id);
}

async function* noInput(): AsyncGenerator<never> {
  // It has none.
}
