import { bareTrue, bootBareVm, makeBareFiles } from './bare-vm.ts';
import type { Benchmark } from './benchmark.ts';
import { IMAGE } from './lab.ts';
import { timed } from './stopwatch.ts';

/** The daemon runs already; making disks, a name, a record and deleting all of it are inside the measure. */
export const coldRun: Benchmark = {
  id: 'cold-run',
  what: '`run --rm -- true`, from the start of the CLI to its end, against bare QEMU with fresh disks to its first exec',
  unit: 'ms',
  goal: 1.25,
  runs: 9,
  warmUps: 1,
  async open(lab) {
    const spec = await lab.specFor([]);
    return {
      value: () =>
        timed(() =>
          lab.home.banger(['run', '--rm', '--no-template', '--image', IMAGE, '--', 'true']),
        ),
      async floor() {
        await using files = await makeBareFiles(lab, spec); // Outside the measure.
        await using cleanup = new AsyncDisposableStack();
        return await timed(async () => {
          const vm = cleanup.use(await bootBareVm(files, lab));
          await bareTrue(vm, lab.signal);
        });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
