import assert from 'node:assert/strict';

import type { GuestBoot } from '../../guest/guest.ts';
import type { VmmDriver } from '../../vmm/driver.ts';
import { driveNames } from '../drive-names.ts';
import type { Identifier } from '../identify.ts';
import { isBooted, type MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

export interface BootGuestDeps {
  readonly running: RunningVms;
  readonly identifier: Identifier;
  readonly driverOf: (plan: MachinePlan) => VmmDriver;
}

/** Lets the agent assemble the root file system and hand over to the init. The guest's end undoes it. */
export function bootGuest({ running, identifier, driverOf }: BootGuestDeps): Step {
  return {
    name: 'boot-guest',
    text: 'Assembling the root file system',
    async run(plan, signal) {
      if (isBooted(plan.start)) return;
      const live = running.get(plan.id);
      assert(live?.guest, 'greet-guest comes before boot-guest');
      const identity = await identifier.of(plan);
      const imageEnv = plan.imageRun?.env ?? [];
      const root = rootOf(plan, driveNames(driverOf(plan).features));
      live.booted = await live.guest.boot({ identity, imageEnv, ...root }, signal);
    },
    undo: () => Promise.resolve(),
  };
}

function rootOf(
  { init, build, paths }: MachinePlan,
  { base, overlay, work, modules }: ReturnType<typeof driveNames>,
): Pick<GuestBoot, 'init' | 'drives'> {
  if (build === null) {
    const found = paths.modulesDisk === null ? '' : modules;
    return { init, drives: { base, overlay, work, modules: found } };
  }
  const delta = build.deltaDisk === null ? '' : work;
  return { init: 'build', drives: { base, overlay, work: '', modules: '', delta } };
}
