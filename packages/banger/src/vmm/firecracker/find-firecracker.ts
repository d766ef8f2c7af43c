import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { type PidFile, readPidFile } from '../pid-file.ts';
import type { FirecrackerHost } from './firecracker-host.ts';

export interface FoundFirecracker {
  readonly child: Child;
  /** Undefined when the daemon died between starting it and writing it down */
  readonly started: PidFile | undefined;
}

/** The Firecracker that runs this plan, by its run file, else by who is in the plan's cell. */
export async function findFirecracker(
  { cells }: Pick<FirecrackerHost, 'cells'>,
  plan: MachinePlan,
): Promise<FoundFirecracker | undefined> {
  const cell = cells.of(plan);
  const started = await readPidFile(plan.paths.pidFile);
  const recorded = started && (await cell.adopt(started));
  if (recorded !== undefined) return { child: recorded, started };
  for (const identity of await cell.find()) {
    const child = await cell.adopt(identity);
    if (child !== undefined) return { child, started: undefined };
  }
  return undefined;
}
