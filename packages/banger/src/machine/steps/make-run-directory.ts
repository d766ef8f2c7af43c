import type { Directories } from '../../host/directories.ts';
import type { Step } from '../run-steps.ts';

/** Sockets of one run; on a file system that a host reboot empties. */
export function makeRunDirectory(directories: Directories): Step {
  return {
    name: 'make-run-directory',
    text: 'Making the run directory',
    run: ({ paths }) => directories.make(paths.runDir),
    undo: ({ paths }) => directories.remove(paths.runDir),
  };
}
