import { chmod, rm } from 'node:fs/promises';

import type { MachinePlan } from '../../machine/plan.ts';
import { socketPaths } from './socket-paths.ts';

/** Everything that a running QEMU has besides its disks and logs. */
export async function removeRunFiles(plan: MachinePlan): Promise<void> {
  const { pidFile } = plan.paths;
  const files = [...socketPaths(plan), pidFile, `${pidFile}.new`];
  await Promise.all(files.map((file) => rm(file, { force: true })));
}

/** QEMU makes them as the umask says; their directory is closed to others, and so are they. */
export async function closeSocketsToOthers(plan: MachinePlan): Promise<void> {
  await Promise.all(socketPaths(plan).map((path) => chmod(path, 0o600)));
}
