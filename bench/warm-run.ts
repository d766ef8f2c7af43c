import { bareTrue, type BareFiles } from './bare-vm.ts';
import { makeForkFiles, restoreBareVm } from './bare-fork.ts';
import type { Benchmark } from './benchmark.ts';
import { IMAGE, type Lab, openFullLab } from './lab.ts';
import { timed } from './stopwatch.ts';
import { standbyReady, templateFor, useStandbys } from './templates.ts';

const FULL = 'debian-bookworm';

export const warmSlim = warmRun('warm-slim', { image: IMAGE, goal: 1.6, runs: 15 });
export const warmFull = warmRun('warm-full', { image: FULL, goal: null, runs: 15 });

/** A run whose template is there, against the least that restores the same template and runs the same. */
function warmRun(
  id: string,
  {
    image,
    goal,
    runs,
  }: { readonly image: string; readonly goal: number | null; readonly runs: number },
): Benchmark {
  return {
    id,
    what: `\`run --rm --image ${image} -- true\` from a template, against a bare QEMU restore of it to its first exec`,
    unit: 'ms',
    goal,
    runs,
    warmUps: 2,
    open: (lab) => openWarm(lab, { image, standbys: 0 }),
  };
}

export const warmStandby: Benchmark = {
  id: 'warm-standby',
  what: '`run --rm -- true` when a standby is ready, against a bare QEMU restore of the template to its first exec',
  unit: 'ms',
  goal: 0.6,
  runs: 15,
  warmUps: 2,
  open: (lab) => openWarm(lab, { image: IMAGE, standbys: 1 }),
};

export const warmOverColdSlim = overCold('warm-over-cold-slim', {
  image: IMAGE,
  goal: 1 / 8,
  runs: 5,
});
export const warmOverColdFull = overCold('warm-over-cold-full', {
  image: FULL,
  goal: 1 / 45,
  runs: 3,
});

/** The same run from a template and from power-on. */
function overCold(
  id: string,
  { image, goal, runs }: { readonly image: string; readonly goal: number; readonly runs: number },
): Benchmark {
  return {
    id,
    what: `\`run --rm --image ${image} -- true\` from a template, against the same with --no-template`,
    unit: 'ms',
    goal,
    runs,
    warmUps: 0,
    async open(lab) {
      await using cleanup = new AsyncDisposableStack();
      const own = image === IMAGE ? lab : cleanup.use(await openFullLab(lab.signal));
      const run = (flags: readonly string[]) =>
        timed(() => own.home.banger(['run', '--rm', ...flags, '--image', image, '--', 'true']));
      await run([]);
      const owned = cleanup.move(); // The subject owns the lab of the full image.
      return {
        value: () => run([]),
        floor: () => run(['--no-template']),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
  };
}

async function openWarm(
  lab: Lab,
  { image, standbys }: { readonly image: string; readonly standbys: number },
) {
  await using cleanup = new AsyncDisposableStack();
  const own = image === IMAGE ? lab : cleanup.use(await openFullLab(lab.signal));
  const spec = await own.specFor([]);
  const run = () => own.home.banger(['run', '--rm', '--image', image, '--', 'true']);
  if (standbys > 0) {
    await useStandbys(own.home, standbys);
    cleanup.defer(() => useStandbys(own.home, 0));
  }
  await run();
  const template = await templateFor(own, spec);
  const owned = cleanup.move(); // The subject owns the lab of the full image.
  return {
    async value() {
      if (standbys > 0) await standbyReady(own); // Outside the measure.
      return timed(run);
    },
    async floor() {
      await using files = await makeForkFiles(own, spec, template); // Outside the measure, too.
      return await restoreTrue(own, files);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function restoreTrue(lab: Lab, files: BareFiles): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  return await timed(async () => {
    const vm = cleanup.use(await restoreBareVm(files, lab));
    await bareTrue(vm, lab.signal);
  });
}
