import type { CgroupMounts, Controller } from './cgroup-mounts.ts';
import type { JailSpawn } from './jail-host.ts';

/** Firecracker's own memory: at most 5 MiB without the guest's (SPECIFICATION.md), and the host's buffers for its files */
const OVERHEAD_MIB = 128;
/** Beside one per vCPU: the API, the devices, and what the kernel starts for a VM */
const OTHER_THREADS = 32;
const PERIOD_US = 100_000;

/**
 * `<file>=<value>` for each limit that the host's control groups can keep. CPU time is what the vCPUs can use and no
 * more: what the devices do is done in it. Pure.
 */
export function jailLimits(
  { memoryMib, vcpus }: JailSpawn['limits'],
  { version, controllers }: CgroupMounts,
): readonly string[] {
  const memoryBytes = String((memoryMib + OVERHEAD_MIB) * 1024 * 1024);
  const quotaUs = String(vcpus * PERIOD_US);
  const pids = `pids.max=${String(vcpus + OTHER_THREADS)}`;
  const limits: Readonly<Record<Controller, readonly string[]>> =
    version === 2
      ? {
          memory: [`memory.max=${memoryBytes}`],
          cpu: [`cpu.max=${quotaUs} ${String(PERIOD_US)}`],
          pids: [pids],
        }
      : {
          memory: [`memory.limit_in_bytes=${memoryBytes}`],
          cpu: [`cpu.cfs_period_us=${String(PERIOD_US)}`, `cpu.cfs_quota_us=${quotaUs}`],
          pids: [pids],
        };
  return [...controllers.keys()].flatMap((name) => limits[name]);
}
