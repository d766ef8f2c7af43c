import { join } from 'node:path';

/** The files of a machine that was saved, as a template, a snapshot or to go on from. */
export interface MachineFiles {
  readonly dir: string;
  readonly memory: string;
  readonly state: string;
  /** Not of every one: a `t0` template has no disks yet, those of a suspended VM stay where they are */
  readonly overlayDisk: string;
  readonly workDisk: string;
}

export function machineFilesIn(dir: string): MachineFiles {
  return {
    dir,
    memory: join(dir, 'memory'),
    state: join(dir, 'state'),
    overlayDisk: join(dir, 'overlay.ext4'),
    workDisk: join(dir, 'work.ext4'),
  };
}
