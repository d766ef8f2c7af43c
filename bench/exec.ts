import { connect } from '@banger/sdk';

import { bareTrue, bootBareVm, makeBareFiles } from './bare-vm.ts';
import type { Benchmark } from './benchmark.ts';
import { IMAGE } from './lab.ts';
import { timed } from './stopwatch.ts';

export const exec = execWith('exec', 2);
export const execOneCpu = execWith('exec-1cpu', 1);

function execWith(id: string, vcpu: number): Benchmark {
  const flags = ['--vcpu', String(vcpu)];
  return {
    id,
    what: `\`true\` in a running VM (vcpu: ${String(vcpu)}) through the SDK, against the agent's RPC in another such VM`,
    unit: 'ms',
    goal: 1.5,
    runs: 60,
    warmUps: 10,
    async open(lab) {
      await using cleanup = new AsyncDisposableStack();
      const files = cleanup.use(await makeBareFiles(lab, await lab.specFor(flags)));
      const bare = cleanup.use(await bootBareVm(files, lab));
      const banger = cleanup.use(connect({ socket: lab.home.paths.socket }));
      const vm = cleanup.use(
        await banger.vms.create({ image: IMAGE, vcpu }, { signal: lab.signal }),
      );
      const owned = cleanup.move(); // The subject owns both VMs.
      return {
        value: () => timed(() => vm.exec(['true'])),
        floor: () => timed(() => bareTrue(bare, lab.signal)),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
  };
}
