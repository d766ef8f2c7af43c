import { randomBytes } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import { noLimits } from '@banger/protocol/limits';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

import type { Guest, GuestExit } from '../../guest/guest.ts';
import type { BuildMachines, BuildStep, BuildStepEnd } from '../../image/build/build-machine.ts';
import { gone, makeAndStart, type CreateDeps } from '../create-vm.ts';
import { makePlan } from '../make-plan.ts';
import { backgroundOperation, silent, type Operation } from '../operation.ts';
import type { MachinePlan } from '../plan.ts';
import type { Population } from '../population.ts';
import { resolveSpec, type HostSize } from '../spec.ts';
import type { Supervisor } from '../supervisor.ts';
import type { SpecSources } from '../vm-creation.ts';

export interface BuildMachinesDeps extends CreateDeps {
  readonly population: Population;
  readonly hostSize: () => Promise<HostSize>;
  readonly specContext: SpecSources['specContext'];
}

type TakeLayer = Parameters<BuildMachines['run']>[1];

const MIB = 1024 * 1024;
/** A layer has a header for each of many small files, and names that the disk has only once. */
const LAYER_SLACK = 2;

/**
 * Machines that run one step each: hidden VMs with a plan of their own kind, begun from the template of an agent that
 * waits for its disks. Disposing ends those that run, and resolves when nothing of them is left.
 */
export class VmBuildMachines implements BuildMachines, AsyncDisposable {
  readonly #deps: BuildMachinesDeps;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(deps: BuildMachinesDeps) {
    this.#deps = deps;
  }

  async run(step: BuildStep, takeLayer: TakeLayer, signal: AbortSignal): Promise<BuildStepEnd> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    const running = this.#run(step, takeLayer, until);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(
      new BangerError('daemon.stopping', 'the daemon is stopping', { hint: 'banger daemon start' }),
    );
    await Promise.allSettled(this.#running);
  }

  async #run(step: BuildStep, takeLayer: TakeLayer, signal: AbortSignal): Promise<BuildStepEnd> {
    signal.throwIfAborted();
    const { population } = this.#deps;
    const operation = { ...backgroundOperation(), signal, progress: step.progress ?? silent };
    const vm = population.insertHidden('build', await this.#specOf(step));
    try {
      await vm
        .alone((turn) => this.#start(vm, step, { ...operation, signal: turn }), signal)
        .catch((error: unknown) => {
          throw gone(error);
        });
      return await this.#use(vm, { step, takeLayer, operation });
    } finally {
      for (const warning of vm.record.warnings) operation.progress.warn(warning);
      await population.delete(vm);
    }
  }

  async #specOf({ vcpu, memoryMib }: BuildStep) {
    const { hostSize, specContext } = this.#deps;
    const request: CreateVmRequest = {
      ...{ image: 'build', vcpu, memoryMib, start: true, template: true },
      ...{ ephemeral: false, publish: [], nat: true, ...noLimits },
    };
    const [host, choices] = await Promise.all([hostSize(), specContext(request)]);
    const madeUpName = `build-${randomBytes(4).toString('hex')}`;
    return resolveSpec(request, { ...choices, host, madeUpName }).spec;
  }

  async #start(vm: Supervisor, step: BuildStep, operation: Operation): Promise<void> {
    const { warm } = this.#deps;
    const plan = await this.#planOf(vm, step, operation);
    vm.adoptPlan(plan, operation.id);
    const make = (begun: MachinePlan) => makeAndStart(vm, this.#deps, operation, begun);
    await warm.from('t0', { plan, operation }, make);
  }

  async #planOf(
    vm: Supervisor,
    { baseDisk, deltaDisk }: BuildStep,
    { signal, progress }: Operation,
  ): Promise<MachinePlan> {
    const { kernels, dirs, places } = this.#deps;
    const { id, record } = vm;
    const { spec } = record;
    const kernel =
      (await kernels.find(spec.kernel)) ?? (await kernels.pull(spec.kernel, { signal, progress }));
    const initrd = await kernels.initrd(kernel, signal);
    const image = { id: null, init: 'agent' as const, rootDisk: baseDisk };
    const parts = {
      id,
      spec,
      image,
      kernel,
      initrd,
      dirs,
      build: { deltaDisk: deltaDisk ?? null },
    };
    // In the same turn as the plan is stored, so that nobody else gets the address.
    return makePlan({ ...parts, network: places.free(spec) });
  }

  async #use(vm: Supervisor, use: Use): Promise<BuildStepEnd> {
    const { signal } = use.operation;
    try {
      const guest = await vm.guest(signal);
      const exitCode = exitCodeOf(await runCommand(guest, use.step, signal));
      if (exitCode === 0) await giveLayer(vm, guest, use);
      return { exitCode };
    } catch (error) {
      signal.throwIfAborted();
      throw await explainEnd(error, vm);
    }
  }
}

interface Use {
  readonly step: BuildStep;
  readonly takeLayer: TakeLayer;
  readonly operation: Operation;
}

function runCommand(guest: Guest, step: BuildStep, signal: AbortSignal): Promise<GuestExit> {
  const { argv, env, user, workingDir: cwd, onOutput } = step;
  const request = { argv, env, cwd, stdin: false, ...(user === '' ? {} : { user }) };
  return guest.exec(request, { input: noInput(), onOutput }, signal);
}

async function* noInput(): AsyncGenerator<never> {
  // It has none.
}

function exitCodeOf(exit: GuestExit): number {
  return exit.kind === 'exited' ? exit.code : 128 + exit.signal;
}

async function giveLayer(vm: Supervisor, guest: Guest, use: Use): Promise<void> {
  const maxBytes = vm.record.spec.overlayMib * MIB * LAYER_SLACK;
  const tar = guest.builds.takeLayer({ maxBytes }, use.operation.signal);
  try {
    await use.takeLayer(tar);
  } finally {
    await tar.return();
  }
}

/** A channel that broke knows neither that its machine ended nor that it was a build's. */
async function explainEnd(error: unknown, vm: Supervisor): Promise<unknown> {
  if (!(error instanceof BangerError) || error.code !== 'guest.unreachable') return error;
  if (!(await vm.hasEnded())) return error;
  return new BangerError('vm.ended', 'The machine of the build step ended before the step did', {
    cause: error,
    hint: 'Give it more memory if it ran out of it; banger daemon logs',
  });
}
