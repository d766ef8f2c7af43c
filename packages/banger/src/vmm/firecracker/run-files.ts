import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { MachinePlan } from '../../machine/plan.ts';
import type { Cell } from './cell.ts';

/** A clean-up has a deadline of its own: the caller's signal may be what brought us here. */
const CLEANUP_MS = 10_000;

/** There as long as a VM that ran is kept from running by a save */
export function ranMark({ paths }: MachinePlan): string {
  return join(paths.runDir, 'save-ran');
}

/** Everything that a running Firecracker has besides its disks and logs. Its process has ended before. Repeatable. */
export async function removeRunFiles(cell: Cell, plan: MachinePlan): Promise<void> {
  const { pidFile } = plan.paths;
  await cell.remove(AbortSignal.timeout(CLEANUP_MS));
  for (const file of [pidFile, `${pidFile}.new`, ranMark(plan)]) await rm(file, { force: true });
}
