import type { Directories } from '../../host/directories.ts';
import type { Step } from '../run-steps.ts';

/** The VM's own directory: disks, logs, pid file. */
export function makeDirectory(directories: Directories): Step {
  return {
    name: 'make-directory',
    text: 'Making the directory',
    run: ({ paths }) => directories.make(paths.dir),
    undo: ({ paths }) => directories.remove(paths.dir),
  };
}
