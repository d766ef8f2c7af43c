import { z } from 'zod';

import { ImageId, KernelId, VmId } from '@banger/protocol/ids';
import {
  HygieneCheck,
  Provenance,
  Snapshot,
  StartedFrom,
  Timing,
  VmmName,
  VmSpec,
  VmState,
} from '@banger/protocol/vm';
import { Workspace } from '@banger/protocol/workspace';

import { MachinePlan } from './plan.ts';

/** What banger knows of one VM, as it is stored. */
export const VmRecord = z.object({
  id: VmId,
  name: z.string(),
  state: VmState,
  /** False until the request that creates it has ended well; an unsettled VM is removed by the next daemon */
  settled: z.boolean(),
  ephemeral: z.boolean(),
  /**
   * Only a user's is ever shown: a template is being made of the second, the third waits to become a user's, the fourth
   * runs one step of an image's build
   */
  purpose: z.enum(['user', 'template', 'standby', 'build']).default('user'),
  /** False: it was asked for without templates, and always boots cold */
  warm: z.boolean().default(true),
  spec: VmSpec,
  provenance: Provenance,
  /** null until image and kernel are there */
  plan: MachinePlan.nullable(),
  imageId: ImageId.nullable(),
  kernelId: KernelId.nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  bootId: z.string().nullable(),
  vmm: z
    .object({
      name: VmmName,
      version: z.string(),
      machine: z.string(),
      command: z.array(z.string()),
    })
    .nullable(),
  timings: z.array(Timing),
  startedFrom: StartedFrom.nullable().default(null),
  hygiene: z.array(HygieneCheck).default([]),
  snapshots: z.array(Snapshot).default([]),
  workspace: Workspace.nullable().default(null),
  warnings: z.array(z.string()),
  /** Counts the changes; an update names the one it read */
  generation: z.int(),
});
export type VmRecord = z.infer<typeof VmRecord>;

export type VmChange = Partial<Omit<VmRecord, 'id' | 'generation'>>;

/** The stored VMs. Every call is one transaction. */
export interface VmRecords {
  all(): readonly VmRecord[];
  get(id: VmId): VmRecord | undefined;
  /** Rejects a name in use with `vm.name_taken` */
  insert(record: Omit<VmRecord, 'generation'>): VmRecord;
  /** Fails as `vm.busy` when somebody else changed the record since `record` was read, as `vm.name_taken` for a new name in use */
  update(record: VmRecord, change: VmChange): VmRecord;
  delete(id: VmId): void;
}

/** One line of the journal: what a step of a VM was doing, and when. */
export interface JournalEntry {
  readonly vm: VmId;
  readonly at: string;
  readonly operation: string;
  readonly step: string;
  readonly phase: string;
  readonly error: string | null;
}

export interface JournalRecords {
  add(entry: JournalEntry): void;
  of(vm: VmId): readonly JournalEntry[];
  forget(vm: VmId): void;
}
