import type { MachinePlan } from '../../machine/plan.ts';
import { cellFiles } from './cell.ts';

export interface MachineDrive {
  /** Its id, and its file's name in the cell */
  readonly name: 'base' | 'overlay' | 'work' | 'modules';
  readonly hostPath: string;
  readonly isReadOnly: boolean;
  /** Nobody needs it once its machine has ended */
  readonly isPassing: boolean;
}

/**
 * The drives in the order in which the guest counts them, since Firecracker gives them no serial number of ours. A build has
 * its delta, or the base once more, in the place of the work disk.
 */
export function machineDrives({ paths, build }: MachinePlan): readonly MachineDrive[] {
  const readOnly = { isReadOnly: true, isPassing: false };
  const writable = { isReadOnly: false, isPassing: build !== null };
  return [
    { name: cellFiles.base, hostPath: paths.baseDisk, ...readOnly },
    { name: cellFiles.overlay, hostPath: paths.overlayDisk, ...writable },
    build === null
      ? { name: cellFiles.work, hostPath: paths.workDisk, ...writable }
      : { name: cellFiles.work, hostPath: build.deltaDisk ?? paths.baseDisk, ...readOnly },
    ...(paths.modulesDisk === null
      ? []
      : [{ name: cellFiles.modules, hostPath: paths.modulesDisk, ...readOnly }]),
  ];
}
