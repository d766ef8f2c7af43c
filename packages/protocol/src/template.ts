import { z } from 'zod';

import { ImageId, KernelId, TemplateId } from './ids.ts';
import { Accelerator, VmmName } from './vm.ts';

/** A booted, paused machine on disk that VMs are forked from. */
export const Template = z.object({
  id: TemplateId,
  /** `t0`: kernel and agent are up and no disk is open. `t1`: the image has booted. */
  depth: z.enum(['t0', 't1']),
  /** null for `t0`, which serves every image */
  image: z.string().nullable(),
  imageId: ImageId.nullable(),
  kernel: z.string(),
  kernelId: KernelId,
  vmm: VmmName,
  vmmVersion: z.string(),
  accel: Accelerator,
  vcpu: z.int(),
  memoryMib: z.int(),
  /** Allocated on the host, all files */
  sizeBytes: z.number(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  /** Names of the running VMs that map its memory */
  usedBy: z.array(z.string()),
  /** Prepared forks that wait for a start */
  standby: z.int(),
});
export type Template = z.infer<typeof Template>;
