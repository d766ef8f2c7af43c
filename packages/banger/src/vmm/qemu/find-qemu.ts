import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { type PidFile, readPidFile } from '../pid-file.ts';
import { monitorArgument } from './port-args.ts';
import type { QemuHost } from './qemu-host.ts';

export interface FoundQemu {
  readonly child: Child;
  /** Undefined when the daemon died between starting QEMU and writing it down */
  readonly started: PidFile | undefined;
}

/** The QEMU that runs this plan, by its run file, else by its command line, in which the path of its monitor is its own. */
export async function findQemu(
  { processes }: Pick<QemuHost, 'processes'>,
  { paths }: MachinePlan,
): Promise<FoundQemu | undefined> {
  const started = await readPidFile(paths.pidFile);
  const recorded = started && (await processes.adopt(started));
  if (recorded !== undefined) return { child: recorded, started };
  for (const identity of await processes.listMatching(monitorArgument(paths.monitorSocket))) {
    const child = await processes.adopt(identity);
    if (child !== undefined) return { child, started: undefined };
  }
  return undefined;
}
