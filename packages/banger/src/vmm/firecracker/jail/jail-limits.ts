import type { CgroupMounts, Controller } from './cgroup-mounts.ts';
import type { JailSpawn } from './jail-host.ts';

/** Firecracker's own memory: at most 5 MiB without the guest's (SPECIFICATION.md), and the host's buffers for its files */
const OVERHEAD_MIB = 128;
/** Beside one per vCPU: the API, the devices, and what the kernel starts for a VM */
const OTHER_THREADS = 32;
const PERIOD_US = 100_000;
/** 60 with all devices, and 3 for each vCPU, by 1.16.1; and some for those that come */
const OWN_FILES = 128;
const FILES_PER_VCPU = 4;
/** The most that its vsock has at once (src/vmm/src/devices/virtio/vsock/unix/mod.rs) */
const VSOCK_CONNECTIONS = 1023;

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

/**
 * `<resource>=<value>` for the process itself. How many files it may have open is as many as it can come to use. How large a
 * file may become (`fsize`) is left open: docs/decisions/0026-jails.md. Pure.
 */
export function resourceLimits({ vcpus }: JailSpawn['limits']): readonly string[] {
  return [`no-file=${String(OWN_FILES + FILES_PER_VCPU * vcpus + VSOCK_CONNECTIONS)}`];
}
