import type { MachinePlan } from '../../machine/plan.ts';
import { type CellFile, cellFiles } from './cell.ts';

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

/** What is in its cell when it starts: a kernel to boot, or a state to load, and the drives. */
export function cellFilesOf(plan: MachinePlan): readonly CellFile[] {
  const { paths, start } = plan;
  const reads = (name: string, hostPath: string): CellFile => ({ name, hostPath, access: 'read' });
  const drives = machineDrives(plan).map(({ name, hostPath, isReadOnly }): CellFile => ({
    name,
    hostPath,
    access: isReadOnly ? 'read' : 'write',
  }));
  if (start.state === null || start.memory.kind === 'own') {
    return [
      reads(cellFiles.kernel, paths.kernel),
      reads(cellFiles.initrd, paths.initrd),
      ...drives,
    ];
  }
  const { file } = start.memory;
  return [reads(cellFiles.memory, file), reads(cellFiles.state, start.state), ...drives];
}
