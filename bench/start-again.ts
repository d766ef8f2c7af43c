import { join } from 'node:path';

import { connect } from '@banger/sdk';

import type { Benchmark } from './benchmark.ts';
import { IMAGE, type Lab } from './lab.ts';
import { timed } from './stopwatch.ts';
import { runToEnd } from '../test/support/run-to-end.ts';

/** Both VMs are stopped between the runs, outside the measure. */
export const startT0: Benchmark = {
  id: 'start-t0',
  what: '`vm start` of a stopped VM, against the same of one that always boots cold',
  unit: 'ms',
  goal: 1 / 4,
  runs: 7,
  warmUps: 1,
  async open({ home }) {
    const create = (name: string, flags: readonly string[]) =>
      home.banger(['vm', 'create', '--name', name, '--image', IMAGE, ...flags]);
    await create('again', []);
    await create('cold', ['--no-template']);
    const start = async (name: string) => {
      await home.banger(['vm', 'stop', name]);
      return timed(() => home.banger(['vm', 'start', name]));
    };
    return {
      value: () => start('again'),
      floor: () => start('cold'),
      async [Symbol.asyncDispose]() {
        await home.banger(['vm', 'delete', 'again', 'cold']);
      },
    };
  },
};

const GIB = ['--memory', '1G'];

export const suspend: Benchmark = {
  id: 'suspend',
  what: '`vm suspend` of a VM of 1 GiB, against a copy of what it saves, synced',
  unit: 'ms',
  goal: null,
  runs: 5,
  warmUps: 1,
  open: (lab) => openSuspend(lab, { isSuspend: true }),
};

export const resume: Benchmark = {
  id: 'resume',
  what: '`vm start` of a suspended VM of 1 GiB and its first exec, against a `true` in it then',
  unit: 'ms',
  goal: null,
  runs: 5,
  warmUps: 1,
  open: (lab) => openSuspend(lab, { isSuspend: false }),
};

async function openSuspend(lab: Lab, { isSuspend }: { readonly isSuspend: boolean }) {
  const { home } = lab;
  await home.banger(['vm', 'create', '--name', 'kept', '--image', IMAGE, ...GIB]);
  const begin = () => timed(() => home.banger(['vm', 'suspend', 'kept']));
  const goOn = () =>
    timed(async () => {
      await home.banger(['vm', 'start', 'kept']);
      await home.banger(['vm', 'exec', 'kept', '--', 'true']);
    });
  const directory = await directoryOf(lab, 'kept');
  return {
    async value() {
      const suspended = await begin();
      const copied = await copy(join(directory, 'saved'), join(home.scratch, 'copy'));
      const resumed = await goOn();
      floor = isSuspend
        ? copied
        : await timed(() => home.banger(['vm', 'exec', 'kept', '--', 'true']));
      return isSuspend ? suspended : resumed;
    },
    floor: () => Promise.resolve(floor),
    async [Symbol.asyncDispose]() {
      await home.banger(['vm', 'delete', 'kept']);
    },
  };
}

/** Of the run whose value was just measured: what it has to do is only there then. */
let floor = NaN;

async function copy(from: string, to: string): Promise<number> {
  const took = await timed(async () => {
    await runToEnd(['cp', '-r', '--sparse=always', '--reflink=never', from, to], {});
    await runToEnd(['sync', '-f', to], {});
  });
  await runToEnd(['rm', '-r', to], {});
  return took;
}

async function directoryOf({ home, signal }: Lab, vm: string): Promise<string> {
  using banger = connect({ socket: home.paths.socket });
  return (await banger.vms.show(vm, { signal })).directory;
}
