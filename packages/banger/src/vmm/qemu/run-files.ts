import { chmod, rm } from 'node:fs/promises';

import type { MachinePlan } from '../../machine/plan.ts';
import { memoryBase } from './memory-file.ts';
import { savingPaths } from './saving-paths.ts';
import { socketPaths } from './socket-paths.ts';

/** Everything that a running QEMU has besides its disks and logs. */
export async function removeRunFiles(plan: MachinePlan): Promise<void> {
  const { pidFile } = plan.paths;
  await remove([...socketPaths(plan), pidFile, `${pidFile}.new`, memoryBase(plan)]);
  await removeSavingFiles(plan);
}

/** What is there only while it is being saved. */
export async function removeSavingFiles(plan: MachinePlan): Promise<void> {
  await remove(Object.values(savingPaths(plan)));
}

/** QEMU makes them as the umask says; their directory is closed to others, and so are they. */
export async function closeSocketsToOthers(plan: MachinePlan): Promise<void> {
  await Promise.all(socketPaths(plan).map((path) => chmod(path, 0o600)));
}

async function remove(files: readonly string[]): Promise<void> {
  await Promise.all(files.map((file) => rm(file, { force: true })));
}
