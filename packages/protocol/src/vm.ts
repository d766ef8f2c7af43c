import { z } from 'zod';

import { ImageId, KernelId, TemplateId, VmId } from './ids.ts';
import { Limits } from './limits.ts';
import { VmName } from './names.ts';
import { PublishedPorts } from './port.ts';
import { Mib } from './size.ts';
import { Workspace } from './workspace.ts';

export const Accelerator = z.enum(['kvm', 'tcg']);
export type Accelerator = z.infer<typeof Accelerator>;

export const VmmName = z.enum(['qemu', 'firecracker', 'fake']);
export type VmmName = z.infer<typeof VmmName>;

/** `user`: a stack in user space, nothing needed of the host. `bridge`: a tap on a bridge of the host's. */
export const NetworkName = z.enum(['user', 'bridge']);
export type NetworkName = z.infer<typeof NetworkName>;

/**
 * created ─start→ starting ─→ running ─stop→ stopping ─→ stopped ─start→ starting …
 * running ─pause→ paused ─resume→ running
 * running, paused ─suspend→ suspending ─→ suspended ─start→ starting …
 * any of these ─restore→ restoring ─→ suspended (its memory and disks are the snapshot's) ─→ starting …
 * A start that failed and was undone goes back to where it came from, or to `error` when the guest never answered
 * (kept for its logs) or the undo failed too (`leftovers` still exist on the host).
 */
export const VmState = z.discriminatedUnion('name', [
  z.object({ name: z.literal('created') }),
  z.object({ name: z.literal('starting') }),
  z.object({ name: z.literal('running') }),
  /** Its vCPUs stand; everything else is as it was */
  z.object({ name: z.literal('paused') }),
  /** Memory and devices are being written to disk */
  z.object({
    name: z.literal('suspending'),
    /** It was paused before, and is again if this comes to nothing */
    paused: z.boolean().optional(),
  }),
  /** Memory and devices are on disk and nothing runs; a start goes on from there */
  z.object({ name: z.literal('suspended') }),
  /** Going back to a snapshot of this name: its disks are being put in place */
  z.object({ name: z.literal('restoring'), snapshot: z.string() }),
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
  network: NetworkName.default('user'),
  nat: z.boolean(),
  /** On a bridge: neither reaches nor is reached by other VMs, unless these are open too */
  isolated: z.boolean().default(true),
  publish: PublishedPorts.default([]),
  ...Limits.shape,
});
export type VmSpec = z.infer<typeof VmSpec>;

export const Provenance = z.record(z.string(), Origin);
export type Provenance = z.infer<typeof Provenance>;

/** One measured part of a start. `boot-guest/root` is a part of `boot-guest`. */
export const Timing = z.object({
  name: z.string(),
  ms: z.number(),
  /** When it began, from the moment the start was asked for */
  atMs: z.number().optional(),
});
export type Timing = z.infer<typeof Timing>;

/** What a run began from. */
export const StartedFrom = z.object({
  /**
   * `power-on`: the kernel's first instruction. `t0`: a template whose agent waits to be told its disks. `t1`: a
   * template of the booted image. `standby`: a fork of one, prepared ahead. `saved`: this VM as it was suspended or
   * snapshotted. `fork`: a copy of another running VM.
   */
  kind: z.enum(['power-on', 't0', 't1', 'standby', 'saved', 'fork']),
  template: TemplateId.nullable(),
});
export type StartedFrom = z.infer<typeof StartedFrom>;

/** One thing that a fork must not share with its siblings: what was looked at, and what was found. */
export const HygieneCheck = z.object({ name: z.string(), ok: z.boolean(), found: z.string() });
export type HygieneCheck = z.infer<typeof HygieneCheck>;

/** Memory, devices and disks of a VM at one instant, to go back to. */
export const Snapshot = z.object({
  name: VmName,
  createdAt: z.iso.datetime(),
  /** Allocated on the host */
  sizeBytes: z.number(),
  /** What had been shipped into the VM by then */
  workspace: Workspace.nullable().default(null),
});
export type Snapshot = z.infer<typeof Snapshot>;

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
  /** On the host's loopback; null while it does not run */
  address: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  uptimeMs: z.number().nullable(),
  /** What was shipped into it last; commands run there unless told otherwise */
  workspace: Workspace.nullable().default(null),
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
    .object({
      mode: z.string(),
      /** In the guest, with prefix length */
      address: z.string(),
      /** Where the guest's ports answer while it runs: on the host's loopback, or its own address on a bridge */
      hostAddress: z.string(),
      mac: z.string(),
      nat: z.boolean(),
      /** null: it is on none */
      bridge: z
        .object({ name: z.string(), tap: z.string(), isolated: z.boolean() })
        .nullable()
        .default(null),
    })
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
  /** Of the last start; null before the first */
  startedFrom: StartedFrom.nullable(),
  /** Of the last start, when it was a restore: what was checked before the VM was handed out */
  hygiene: z.array(HygieneCheck),
  snapshots: z.array(Snapshot),
  /** Of the last start: queue, plan, disks, network, spawn, load, handshake, identity, ready, first-exec, … */
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
  memoryFreeBytes: z.number(),
  /** Files and the like, which the guest's kernel gives up when memory is needed */
  memoryCacheBytes: z.number(),
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
