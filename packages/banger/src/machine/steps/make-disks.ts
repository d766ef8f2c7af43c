import type { Disks } from '../../disk/disks.ts';
import type { Step } from '../run-steps.ts';

/**
 * The two writable disks: what the guest changes (overlay), and /root (work). New ones, or copies of a fork's source. A
 * build has no work disk.
 */
export function makeDisks(disks: Disks): Step {
  return {
    name: 'make-disks',
    text: 'Making the disks',
    async run({ paths, spec, start, build }, signal) {
      if (start.disks !== null) {
        const { overlay, work } = start.disks;
        const files = [
          { from: overlay, to: paths.overlayDisk },
          { from: work, to: paths.workDisk },
        ];
        return disks.copy(files, signal);
      }
      const make = (file: string, mib: number, label: string) =>
        disks.make(file, { mib, label, signal });
      await Promise.all([
        make(paths.overlayDisk, spec.overlayMib, 'banger-overlay'),
        ...(build === null ? [make(paths.workDisk, spec.diskMib, 'banger-work')] : []),
      ]);
    },
    async undo({ paths }) {
      await Promise.all([disks.remove(paths.overlayDisk), disks.remove(paths.workDisk)]);
    },
  };
}
