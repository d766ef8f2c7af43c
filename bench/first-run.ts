import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { bareTrue, bootBareVm, makeBareFiles } from './bare-vm.ts';
import type { Benchmark } from './benchmark.ts';
import { openHome } from './home.ts';
import { IMAGE } from './lab.ts';
import { createPlainBuild } from './plain-build.ts';
import { timed } from './stopwatch.ts';

/** Starting the daemon is inside the measure; so is the network, on both sides and equally warm. */
export const firstRun: Benchmark = {
  id: 'first-run',
  what: '`run --rm -- true` on an empty state directory, against plain mmdebstrap and mkfs.ext4 with the kernel fetched meanwhile, then bare QEMU',
  unit: 'ms',
  goal: 1.2,
  runs: 5,
  warmUps: 0,
  async open(lab) {
    const spec = await lab.specFor([]);
    const plain = createPlainBuild(lab);
    return {
      async value() {
        await using home = await openHome();
        return await timed(() => home.banger(['run', '--rm', '--image', IMAGE, '--', 'true']));
      },
      async floor() {
        const dir = await mkdtemp(join(lab.home.scratch, 'plain-'));
        await using cleanup = new AsyncDisposableStack();
        cleanup.defer(() => plain.remove(dir));
        return await timed(async () => {
          const baseDisk = await plain.make(dir);
          const files = cleanup.use(await makeBareFiles(lab, spec, baseDisk));
          await bareTrue(cleanup.use(await bootBareVm(files, lab)), lab.signal);
        });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
