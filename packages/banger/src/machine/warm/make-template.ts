import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import type { TemplateId } from '@banger/protocol/ids';

import type { MachineFiles } from '../../host/machine-files.ts';
import type { StoredTemplate, TemplateShape, Templates } from '../../template/templates.ts';
import { makeParts } from '../create-vm.ts';
import { journaled, journalOf } from '../journal.ts';
import { greetSteps, startSteps, type StepDeps } from '../machine-deps.ts';
import { planLike, type PlanParts } from '../make-plan.ts';
import type { Operation } from '../operation.ts';
import { type MachinePlan, type PlanStart, powerOn } from '../plan.ts';
import { runSteps } from '../run-steps.ts';
import type { Supervisor } from '../supervisor.ts';
import { within } from '../within.ts';
import { hiddenTerms, type HiddenMachines } from './hidden-machines.ts';

export interface MakeDeps extends StepDeps {
  readonly templates: Templates;
  readonly hidden: HiddenMachines;
  readonly dirs: PlanParts['dirs'];
}

export interface MakeRequest {
  readonly id: TemplateId;
  readonly shape: TemplateShape;
  /** Of the VM that the template is made for */
  readonly plan: MachinePlan;
  /** What the machine begins from; undefined: power-on */
  readonly t0: StoredTemplate | undefined;
}

const SAVE_MS = 60_000;

/**
 * Boots a machine that is nobody's, as far as its depth says, saves it and publishes it. Whatever goes wrong, nothing of
 * it stays. The machine is a hidden VM, so a daemon that dies here is cleaned up after like any other.
 */
export async function makeTemplate(
  deps: MakeDeps,
  request: MakeRequest,
  operation: Operation,
): Promise<StoredTemplate> {
  const { templates, hidden } = deps;
  const { id, shape, plan } = request;
  const draft = await templates.draft(id);
  try {
    const randomSample = await withMachine(async (vm) => {
      await boot(vm, deps, { ...request, draft, operation });
      return save(vm, deps, { ...request, draft, operation });
    });
    const names = { imageName: shape.image && plan.spec.image, kernelName: plan.spec.kernel };
    return await templates.publish(id, draft, { shape, randomSample, ...names }, operation.signal);
  } catch (error) {
    await templates.discard(draft);
    throw error;
  }

  async function withMachine<T>(work: (vm: Supervisor) => Promise<T>): Promise<T> {
    // Short: a fork writes its own name over it.
    const name = `t-${randomBytes(4).toString('hex')}`;
    const { overlayMib, workMib } = shape.image ?? { overlayMib: 1024, workMib: 1024 };
    // KVM that does not work is found out by the VM that the template is for, which may fall back.
    const sizes = { name, overlayMib, diskMib: workMib };
    const spec = { ...plan.spec, ...sizes, accelAuto: false, ...hiddenTerms(plan.spec) };
    const vm = hidden.insert('template', spec);
    try {
      return await work(vm);
    } finally {
      await hidden.delete(vm);
    }
  }
}

interface Making extends MakeRequest {
  readonly draft: MachineFiles;
  readonly operation: Operation;
}

async function boot(vm: Supervisor, deps: MakeDeps, making: Making): Promise<void> {
  const { shape, draft, operation } = making;
  await vm.alone(async (signal) => {
    const plan = await planOf(vm, deps, making, signal);
    vm.save({ state: { name: 'starting' } }, operation.id);
    await makeParts(vm, deps, { ...operation, signal }, plan);
    const { progress } = operation;
    const options = {
      journal: journalOf(deps, vm.id, operation.id),
      signal,
      progress,
      clock: deps.clock,
    };
    if (plan.start.from === 't0' && making.t0 !== undefined) {
      await deps.disks.copy([{ from: making.t0.files.memory, to: draft.memory }], signal);
    }
    await runSteps(
      shape.depth === 't0' ? greetSteps(deps) : startSteps(deps, progress),
      plan,
      options,
    );
  }, operation.signal);
}

async function planOf(
  vm: Supervisor,
  { images, kernels, hidden, dirs }: MakeDeps,
  { plan, shape, t0, draft }: Making,
  signal: AbortSignal,
): Promise<MachinePlan> {
  const image = plan.imageId === null ? undefined : await images.find(plan.imageId);
  const kernel = await kernels.find(plan.kernelId);
  // One of depth t0 has not looked at its disks when it is saved, so any base does.
  if ((image === undefined && shape.depth === 't1') || kernel === undefined) {
    throw new BangerError('image.not_found', 'image or kernel are no longer in the store');
  }
  const initrd = await kernels.initrd(kernel, signal);
  const memory = { kind: 'shared' as const, file: draft.memory };
  const start: PlanStart =
    t0 === undefined
      ? { ...powerOn, memory }
      : { from: 't0', template: t0.id, memory, state: t0.files.state, disks: null };
  const { spec } = vm.record;
  const parts = { id: vm.id, spec, network: hidden.places.free(spec), dirs };
  const made = planLike(plan, parts);
  return { ...made, paths: { ...made.paths, initrd }, start };
}

/** Resolves with what the guest's random number generator gave last, if the guest can say so. */
async function save(vm: Supervisor, deps: MakeDeps, making: Making): Promise<string | null> {
  const { draft, shape, operation } = making;
  return vm.alone(async (signal) => {
    const live = deps.running.get(vm.id);
    const { plan } = vm.record;
    assert(live?.guest && plan, 'it was booted');
    const limit = within(signal, SAVE_MS);
    operation.progress.stage({ name: 'save-template', text: 'Keeping it as a template' });
    let randomSample: string | null = null;
    if (shape.image !== null) {
      await live.guest.sync(limit, { dropCaches: true });
      // Once here, so that what it needs of the disks and of the agent is in the memory of every fork.
      const said = await live.guest.identify(await deps.identifier.of(plan), limit);
      randomSample = said.randomSample;
      await live.guest.sync(limit);
    }
    await live.guest.leave(limit);
    await live.guest[Symbol.asyncDispose]();
    live.guest = undefined;
    await live.vmm.pause(limit);
    const { overlayDisk, workDisk } = plan.paths;
    const { vmm } = live;
    await journaled(journalOf(deps, vm.id, operation.id), 'save', () =>
      vmm.save(draft, { atPause: copyDisks, signal: limit }),
    );
    return randomSample;

    async function copyDisks(): Promise<void> {
      if (shape.image === null) return;
      const files = [
        { from: overlayDisk, to: draft.overlayDisk },
        { from: workDisk, to: draft.workDisk },
      ];
      await deps.disks.copy(files, limit);
    }
  }, operation.signal);
}
