import { z } from 'zod';

import { ImageId, KernelId, VmId } from '@banger/protocol/ids';
import { VmSpec } from '@banger/protocol/vm';

/** Every name, address and path of one VM, chosen before anything on the host changes and stored with it. */
export const MachinePlan = z.object({
  id: VmId,
  spec: VmSpec,
  imageId: ImageId,
  kernelId: KernelId,
  kernelRelease: z.string(),
  /** Who is process 1 */
  init: z.enum(['image', 'agent']),
  paths: z.object({
    /** Disks and logs; kept while the VM exists */
    dir: z.string(),
    /** Sockets and run files; kept while it runs */
    runDir: z.string(),
    kernel: z.string(),
    initrd: z.string(),
    baseDisk: z.string(),
    modulesDisk: z.string(),
    overlayDisk: z.string(),
    workDisk: z.string(),
    monitorSocket: z.string(),
    agentSocket: z.string(),
    /** The second port, for one bulk user */
    bulkSocket: z.string(),
    /** Identity of the monitor's process, JSON */
    pidFile: z.string(),
    consoleLog: z.string(),
    vmmLog: z.string(),
  }),
  network: z.object({
    mode: z.enum(['user']),
    mac: z.string().regex(/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    /** In the guest, with prefix length */
    guestAddress: z.string(),
    gateway: z.string(),
    dnsServers: z.array(z.string()),
    nat: z.boolean(),
  }),
});
export type MachinePlan = z.infer<typeof MachinePlan>;

/** Virtio serial numbers of the drives; the guest finds them by these (at most 20 bytes, virtio 1.2 section 5.2.6). */
export const driveSerials = {
  base: 'banger-base',
  overlay: 'banger-overlay',
  work: 'banger-work',
  modules: 'banger-modules',
} as const;
