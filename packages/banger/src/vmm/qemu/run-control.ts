import { stat } from 'node:fs/promises';

import type { MachinePlan } from '../../machine/plan.ts';
import { explainDeath } from './explain-death.ts';
import type { QemuMonitor } from './qemu-monitor.ts';

const MIB = 1024 * 1024;

/** Whether the vCPUs run. */
export async function isRunning(monitor: QemuMonitor, signal: AbortSignal): Promise<boolean> {
  return (await monitor.status(signal)) === 'running';
}

export async function pause(monitor: QemuMonitor, signal: AbortSignal): Promise<void> {
  await monitor.execute('stop', {}, signal);
}

/** After a load this is when the disks are opened for writing, so another process that has them shows here. */
export async function resume(
  monitor: QemuMonitor,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  try {
    await monitor.execute('cont', {}, signal);
  } catch (cause) {
    if (signal.aborted || monitor.closed.aborted) throw cause;
    const said = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : '';
    throw explainDeath(plan, said, cause);
  }
}

/**
 * After its state has been sent away a standing QEMU has closed its disks and refuses to send again; only running opens
 * them. It runs for less than a millisecond here, and what was saved of it is complete.
 */
export async function reopenDisks(
  monitor: QemuMonitor,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  if ((await monitor.status(signal)) !== 'postmigrate') return;
  await Promise.all([resume(monitor, plan, signal), pause(monitor, signal)]);
}

export async function growDisk(
  monitor: QemuMonitor,
  plan: MachinePlan,
  { disk, mib }: { readonly disk: 'overlay' | 'work'; readonly mib: number },
  signal: AbortSignal,
): Promise<void> {
  const { paths } = plan;
  const file = disk === 'overlay' ? paths.overlayDisk : paths.workDisk;
  const sizeBytes = mib * MIB;
  if ((await stat(file)).size > sizeBytes) return;
  await reopenDisks(monitor, plan, signal);
  await monitor.execute('block_resize', { 'node-name': disk, size: sizeBytes }, signal);
}
