import type { ImageId, KernelId, TemplateId } from '@banger/protocol/ids';
import type { Accelerator, VmmName } from '@banger/protocol/vm';

import type { MachineFiles } from '../host/machine-files.ts';
import type { VmmFingerprint } from '../vmm/driver.ts';

/** Everything that a fork of a template depends on; `templateIdOf` makes an id of it. */
export interface TemplateShape {
  readonly depth: 't0' | 't1';
  readonly kernelId: KernelId;
  /** Digest of agent and boot modules, from the initrd's name */
  readonly initrd: string;
  readonly vmm: VmmName;
  readonly fingerprint: Omit<VmmFingerprint, 'processor'>;
  readonly accel: Accelerator;
  readonly vcpu: number;
  readonly memoryMib: number;
  /** null for `t0`, which has opened no disk */
  readonly image: {
    readonly id: ImageId;
    readonly init: 'image' | 'agent';
    /** Sizes of the template's own disks; a fork's may be larger */
    readonly overlayMib: number;
    readonly workMib: number;
  } | null;
}

/** A template in the store: whole, and what was written. */
export interface StoredTemplate {
  readonly id: TemplateId;
  readonly shape: TemplateShape;
  /** For people: names of image (null for `t0`) and kernel when it was made */
  readonly imageName: string | null;
  readonly kernelName: string;
  /** What the guest's random number generator gave when it was saved, hex; a fork that gives the same was not reseeded */
  readonly randomSample: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  /** Allocated */
  readonly sizeBytes: number;
  readonly files: MachineFiles;
}

export type FoundTemplate =
  | { readonly kind: 'none' }
  /** It was there and is of no use; it has been removed. `why` for people: "its memory file was truncated" */
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'whole'; readonly template: StoredTemplate };

export type TemplateFacts = Pick<
  StoredTemplate,
  'shape' | 'imageName' | 'kernelName' | 'randomSample'
>;

/**
 * Templates on disk: a cache. A directory each, which appears by one rename with everything in it. Its files are never
 * written again; each `find` checks by `stat` that nobody did, and all their content once after every boot of the host,
 * because nothing of a template is synced to the storage when it is made.
 */
export interface Templates {
  /** `templateIdOf`: pure */
  idOf(shape: TemplateShape): TemplateId;
  find(id: TemplateId, signal: AbortSignal): Promise<FoundTemplate>;
  /** An empty private directory to make a template in, with the names its files must have */
  draft(id: TemplateId): Promise<MachineFiles>;
  /** Takes the draft over; a template of that id that is there already is replaced */
  publish(
    id: TemplateId,
    draft: MachineFiles,
    facts: TemplateFacts,
    signal: AbortSignal,
  ): Promise<StoredTemplate>;
  /** Removes a draft that comes to nothing. Repeatable. */
  discard(draft: MachineFiles): Promise<void>;
  /** Whole and readable ones, most recently used first; damaged ones are passed over */
  list(): Promise<readonly StoredTemplate[]>;
  /** It is used now: the last to go when room is made */
  touch(id: TemplateId): Promise<void>;
  /** Repeatable; a VM that maps its memory runs on */
  remove(id: TemplateId): Promise<void>;
  /** Removes the least recently used until all take at most `maxBytes`, but never one of `keep` */
  makeRoom(maxBytes: number, keep: ReadonlySet<TemplateId>): Promise<void>;
  /** At daemon start: removes drafts and directories that are no templates */
  sweep(signal: AbortSignal): Promise<void>;
}
