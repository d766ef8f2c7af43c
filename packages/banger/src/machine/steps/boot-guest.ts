import assert from 'node:assert/strict';

import type { GuestBoot } from '../../guest/guest.ts';
import type { Identifier } from '../identify.ts';
import { driveSerials, isBooted, type MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

/** Lets the agent assemble the root file system and hand over to the init. The guest's end undoes it. */
export function bootGuest(running: RunningVms, identifier: Identifier): Step {
  return {
    name: 'boot-guest',
    text: 'Assembling the root file system',
    async run(plan, signal) {
      if (isBooted(plan.start)) return;
      const live = running.get(plan.id);
      assert(live?.guest, 'greet-guest comes before boot-guest');
      const identity = await identifier.of(plan);
      const imageEnv = plan.imageRun?.env ?? [];
      live.booted = await live.guest.boot({ identity, imageEnv, ...rootOf(plan) }, signal);
    },
    undo: () => Promise.resolve(),
  };
}

function rootOf({ init, build, paths }: MachinePlan): Pick<GuestBoot, 'init' | 'drives'> {
  if (build === null) {
    const modules = paths.modulesDisk === null ? '' : driveSerials.modules;
    return { init, drives: { ...driveSerials, modules } };
  }
  const { base, overlay, work } = driveSerials;
  const delta = build.deltaDisk === null ? '' : work;
  return { init: 'build', drives: { base, overlay, work: '', modules: '', delta } };
}
