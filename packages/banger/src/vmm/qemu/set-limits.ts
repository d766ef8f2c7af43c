import type { Limits } from '@banger/protocol/limits';

import type { DriveRole } from '../../machine/drive-names.ts';
import { requireLimits } from '../../machine/choose-limits.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { diskDevice } from './drive-args.ts';
import { machineFor } from './qemu-machine.ts';
import type { QemuMonitor } from './qemu-monitor.ts';

const BYTES_PER_MIB = 1024 * 1024;

/** Of its network it has no limit: not of its own stack, and not of a tap. */
export const networkLimits = false;

/** Holds each disk to its limits by itself; 0 is QEMU's word for none (qapi/block-core.json, BlockIOThrottle). */
export async function setLimits(
  monitor: QemuMonitor,
  plan: MachinePlan,
  limits: Limits,
  signal: AbortSignal,
): Promise<void> {
  requireLimits({ ...plan.spec, ...limits }, { networkLimits });
  const { diskMibPerSecond: mib, diskOpsPerSecond: ops } = limits;
  const total = { bps: (mib ?? 0) * BYTES_PER_MIB, iops: ops ?? 0 };
  const apart = { bps_rd: 0, bps_wr: 0, iops_rd: 0, iops_wr: 0 };
  const machine = machineFor(plan.spec.accel);
  for (const role of roles(plan)) {
    const id = diskDevice(role, machine);
    await monitor.execute('block_set_io_throttle', { id, ...total, ...apart }, signal);
  }
}

function roles({ paths }: MachinePlan): readonly DriveRole[] {
  const always = ['base', 'overlay', 'work'] as const;
  return paths.modulesDisk === null ? always : [...always, 'modules'];
}
