import { z } from 'zod';

import { LimitsChange } from './limits.ts';
import { ImageName, VmName } from './names.ts';
import { PublishedPorts } from './port.ts';
import { Mib } from './size.ts';

/** Everything optional: what is left out is chosen by the daemon, and says where it came from. */
export const CreateVmRequest = z.object({
  name: VmName.optional(),
  image: ImageName.optional(),
  kernel: z.string().min(1).max(256).optional(),
  vcpu: z.int().positive().optional(),
  memoryMib: Mib.optional(),
  diskMib: Mib.optional(),
  vmm: z.enum(['auto', 'qemu', 'firecracker']).optional(),
  accel: z.enum(['auto', 'kvm', 'tcg']).optional(),
  network: z.enum(['auto', 'user', 'bridge']).optional(),
  nat: z.boolean().optional(),
  /** On a bridge, false lets it reach, and be reached by, others that are open too */
  isolated: z.boolean().optional(),
  ...LimitsChange.shape,
  /** Ports of the host that lead into the VM whenever it runs; refused when one is taken and the VM is to start */
  publish: PublishedPorts.default([]),
  start: z.boolean().default(true),
  /** False boots cold, whatever is kept warm */
  template: z.boolean().default(true),
  /**
   * Deletes the VM when this request's connection ends, however it ends; the answer must be read as NDJSON and
   * stays open after the result. The VM is kept when its guest never became reachable.
   */
  ephemeral: z.boolean().default(false),
});
export type CreateVmRequest = z.infer<typeof CreateVmRequest>;

export const SetVmRequest = z.object({
  vcpu: z.int().positive().optional(),
  memoryMib: Mib.optional(),
  diskMib: Mib.optional(),
  nat: z.boolean().optional(),
  ...LimitsChange.shape,
});
export type SetVmRequest = z.infer<typeof SetVmRequest>;

export const ForkVmRequest = z.object({
  /** Of the child; with a count above one, `<name>-1`, `<name>-2`, … Made up when left out */
  name: VmName.optional(),
  count: z.int().min(1).max(100).default(1),
});
export type ForkVmRequest = z.infer<typeof ForkVmRequest>;
