import type { Disks } from '../../disk/disks.ts';
import type { Step } from '../run-steps.ts';

/** The two writable disks: what the guest changes (overlay), and /root (work). New ones, or copies of a fork's source. */
export function makeDisks(disks: Disks): Step {
  return {
    name: 'make-disks',
    text: 'Making the disks',
    async run({ paths, spec, start }, signal) {
      if (start.disks !== null) {
        const { overlay, work } = start.disks;
        const files = [
          { from: overlay, to: paths.overlayDisk },
          { from: work, to: paths.workDisk },
        ];
        return disks.copy(files, signal);
      }
      await Promise.all([
        disks.make(paths.overlayDisk, { mib: spec.overlayMib, label: 'banger-overlay', signal }),
        disks.make(paths.workDisk, { mib: spec.diskMib, label: 'banger-work', signal }),
      ]);
    },
    async undo({ paths }) {
      await Promise.all([disks.remove(paths.overlayDisk), disks.remove(paths.workDisk)]);
    },
  };
}
