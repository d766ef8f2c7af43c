import { z } from 'zod';

import { ImageId, KernelId, VmId } from './ids.ts';
import { VmName } from './names.ts';
import { Mib } from './size.ts';

export const Accelerator = z.enum(['kvm', 'tcg']);
export type Accelerator = z.infer<typeof Accelerator>;

export const VmmName = z.enum(['qemu', 'firecracker', 'fake']);
export type VmmName = z.infer<typeof VmmName>;

/**
 * created ─start→ starting ─→ running ─stop→ stopping ─→ stopped ─start→ starting …
 * A start that failed and was undone goes back to where it came from, or to `error` when the guest never answered
 * (kept for its logs) or the undo failed too (`leftovers` still exist on the host).
 */
export const VmState = z.discriminatedUnion('name', [
  z.object({ name: z.literal('created') }),
  z.object({ name: z.literal('starting') }),
  z.object({ name: z.literal('running') }),
  z.object({ name: z.literal('stopping') }),
  z.object({ name: z.literal('stopped'), reason: z.string().optional() }),
  z.object({ name: z.literal('deleting') }),
  z.object({ name: z.literal('error'), reason: z.string(), leftovers: z.array(z.string()) }),
]);
export type VmState = z.infer<typeof VmState>;

/** Where a value of the spec came from. */
export const Origin = z.enum(['flag', 'environment', 'config', 'host', 'image', 'built-in']);
export type Origin = z.infer<typeof Origin>;

/** A complete spec: nothing is left to be chosen. */
export const VmSpec = z.object({
  name: VmName,
  image: z.string(),
  kernel: z.string(),
  vcpu: z.int().positive(),
  memoryMib: Mib,
  /** Work disk, mounted at /root */
  diskMib: Mib,
  /** Overlay disk: everything the guest changes outside /root */
  overlayMib: Mib,
  vmm: VmmName,
  accel: Accelerator,
  /** True when the accelerator was not asked for by name and may fall back */
  accelAuto: z.boolean(),
  nat: z.boolean(),
});
export type VmSpec = z.infer<typeof VmSpec>;

export const Provenance = z.record(z.string(), Origin);
export type Provenance = z.infer<typeof Provenance>;

/** One measured part of a start, in order. */
export const Timing = z.object({ name: z.string(), ms: z.number() });
export type Timing = z.infer<typeof Timing>;

export const Vm = z.object({
  id: VmId,
  name: VmName,
  state: VmState,
  spec: VmSpec,
  provenance: Provenance,
  imageId: ImageId.nullable(),
  kernelId: KernelId.nullable(),
  /** Deleted when the client that made it goes away */
  ephemeral: z.boolean(),
  address: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  uptimeMs: z.number().nullable(),
  warnings: z.array(z.string()),
});
export type Vm = z.infer<typeof Vm>;

export const VmDisk = z.object({
  role: z.enum(['base', 'overlay', 'work', 'modules']),
  path: z.string(),
  readOnly: z.boolean(),
  apparentBytes: z.number(),
  allocatedBytes: z.number(),
});
export type VmDisk = z.infer<typeof VmDisk>;

export const VmDetails = Vm.extend({
  disks: z.array(VmDisk),
  network: z
    .object({ mode: z.string(), address: z.string(), mac: z.string(), nat: z.boolean() })
    .nullable(),
  vmm: z
    .object({
      name: VmmName,
      version: z.string(),
      machine: z.string(),
      pid: z.int().nullable(),
      command: z.array(z.string()),
    })
    .nullable(),
  bootId: z.string().nullable(),
  /** Of the last start */
  timings: z.array(Timing),
  directory: z.string(),
});
export type VmDetails = z.infer<typeof VmDetails>;

export const VmStats = z.object({
  id: VmId,
  name: VmName,
  /** Share of one host CPU used by the guest's processes, from the guest's own counters; 1 is one CPU */
  guestCpuBusyNs: z.number(),
  guestCpuTotalNs: z.number(),
  memoryTotalBytes: z.number(),
  memoryAvailableBytes: z.number(),
  /** Resident and proportional memory of the monitor on the host */
  hostRssBytes: z.number().nullable(),
  hostPssBytes: z.number().nullable(),
  fileSystems: z.array(
    z.object({ mountPoint: z.string(), sizeBytes: z.number(), usedBytes: z.number() }),
  ),
  diskAllocatedBytes: z.number(),
  networkReceivedBytes: z.number(),
  networkSentBytes: z.number(),
  processCount: z.int(),
  load1m: z.number(),
  at: z.iso.datetime(),
});
export type VmStats = z.infer<typeof VmStats>;
