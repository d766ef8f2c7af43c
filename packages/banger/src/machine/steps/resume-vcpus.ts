import assert from 'node:assert/strict';

import type { SavedStates } from '../../saved/saved-states.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';
import { within } from '../within.ts';

const DEADLINE_MS = 10_000;

/**
 * Lets a restored guest go on. From that moment its disks change, so the state that a suspended VM was restored from is
 * spent: it is put out of reach first, lest a later start combines it with newer disks.
 */
export function resumeVcpus(running: RunningVms, saved: SavedStates): Step {
  return {
    name: 'resume-vcpus',
    text: 'Letting the guest go on',
    async run({ id, start, paths }, signal) {
      if (start.state === null) return;
      const live = running.get(id);
      assert(live, 'launch-vmm comes before resume-vcpus');
      if (start.from === 'saved') await saved.remove(paths.savedDir);
      await live.vmm.resume(within(signal, DEADLINE_MS));
    },
    undo: () => Promise.resolve(),
  };
}
