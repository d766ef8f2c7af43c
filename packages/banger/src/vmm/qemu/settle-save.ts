import { access } from 'node:fs/promises';

import type { MachinePlan } from '../../machine/plan.ts';
import { cancelMigration, untilSettled } from './migration.ts';
import type { QemuHost } from './qemu-host.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { resume } from './run-control.ts';
import { removeSavingFiles } from './run-files.ts';
import { savingPaths } from './saving-paths.ts';
import { endReceivers } from './state-receiver.ts';

/** Ends a save that an earlier daemon was in the middle of, and lets the VM run if it was the save that stopped it. */
export async function settleSave(
  host: QemuHost,
  plan: MachinePlan,
  { monitor, signal }: { readonly monitor: QemuMonitor; readonly signal: AbortSignal },
): Promise<void> {
  await endReceivers(host, plan);
  await cancelMigration(monitor, signal);
  await untilSettled(monitor, host.clock, signal);
  if (await exists(savingPaths(plan).ranMark)) await resume(monitor, plan, signal);
  await removeSavingFiles(plan);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
