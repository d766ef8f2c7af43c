import { connect } from '@banger/sdk';

import { processMemory } from '../packages/banger/src/host/process-memory.ts';
import { makeForkFiles, restoreBareVm } from './bare-fork.ts';
import { bareTrue, type BareFiles } from './bare-vm.ts';
import type { Benchmark, Subject } from './benchmark.ts';
import { IMAGE, type Lab } from './lab.ts';
import { timed } from './stopwatch.ts';
import { templateFor } from './templates.ts';
import { setTimeout as wait } from 'node:timers/promises';

const MANY = 20;
const FEW = 4;
const SETTLE_MS = 2_000;
const MIB = 2 ** 20;

export const fork20: Benchmark = {
  id: 'fork-20',
  what: `${String(MANY)} forks of one template at once, to the last one's first exec, against as many bare restores`,
  unit: 'ms',
  goal: null,
  runs: 3,
  warmUps: 0,
  open: (lab) => openForks(lab, MANY, timed),
};

export const forkPss: Benchmark = {
  id: 'fork-pss',
  what: `memory that each of ${String(FEW)} idle forks adds (PSS of its monitor), against that of bare restores`,
  unit: 'mib',
  goal: 1.1,
  runs: 3,
  warmUps: 0,
  open: (lab) => openForks(lab, FEW, async (start) => meanPss(lab, await start())),
};

/** What is measured of starting VMs, whose monitors' process ids are the answer. */
type Measure = (start: () => Promise<readonly number[]>) => Promise<number>;

async function openForks(lab: Lab, count: number, measure: Measure): Promise<Subject> {
  const shared = await prepare(lab);
  return {
    async value() {
      await using vms = new AsyncDisposableStack();
      return await measure(() => createMany(lab, count, vms));
    },
    async floor() {
      await using vms = new AsyncDisposableStack();
      const files = await filesOf(shared, count, vms);
      return await measure(() => restoreMany(lab, files, vms));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function prepare(lab: Lab) {
  const spec = await lab.specFor([]);
  await lab.home.banger(['run', '--rm', '--image', IMAGE, '--', 'true']);
  return { lab, spec, template: await templateFor(lab, spec) };
}

function filesOf(
  { lab, spec, template }: Awaited<ReturnType<typeof prepare>>,
  count: number,
  owner: AsyncDisposableStack,
): Promise<readonly BareFiles[]> {
  return inTurn(count, async () => owner.use(await makeForkFiles(lab, spec, template)));
}

async function restoreMany(
  lab: Lab,
  files: readonly BareFiles[],
  owner: AsyncDisposableStack,
): Promise<readonly number[]> {
  return Promise.all(
    files.map(async (each) => {
      const vm = owner.use(await restoreBareVm(each, lab));
      await bareTrue(vm, lab.signal);
      return vm.pid;
    }),
  );
}

async function createMany(
  lab: Lab,
  count: number,
  owner: AsyncDisposableStack,
): Promise<readonly number[]> {
  const { signal } = lab;
  const banger = owner.use(connect({ socket: lab.home.paths.socket }));
  return Promise.all(
    Array.from({ length: count }, async () => {
      const vm = owner.use(await banger.vms.create({ image: IMAGE }, { signal }));
      await vm.exec(['true'], { signal });
      const { vmm } = await banger.vms.show(vm.id, { signal });
      return vmm?.pid ?? 0;
    }),
  );
}

async function meanPss({ signal }: Lab, pids: readonly number[]): Promise<number> {
  await wait(SETTLE_MS, undefined, { signal });
  const all = await Promise.all(pids.map((pid) => processMemory(pid)));
  return all.reduce((sum, memory) => sum + (memory?.pssBytes ?? NaN), 0) / pids.length / MIB;
}

async function inTurn<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  for (let index = 0; index < count; index += 1) made.push(await make());
  return made;
}
