import type { Duplex } from 'node:stream';

import type { Accelerator } from '@banger/protocol/vm';

import type { MachinePlan } from '../machine/plan.ts';

/** A virtual machine monitor banger can run. */
export interface VmmDriver {
  readonly name: 'qemu' | 'firecracker' | 'fake';

  /** Callers branch on these, never on `name` */
  readonly features: {
    readonly accelerators: readonly Accelerator[];
    /** The guest can find its drives by serial number */
    readonly driveSerials: boolean;
  };

  /** Looks at the host and changes nothing. No problems means ready. */
  probe(signal: AbortSignal): Promise<DriverProbe>;

  /**
   * Resolves when the monitor runs the guest; the guest may still be booting. Needs the directories of the plan,
   * writes its own run files there, and leaves no process when it rejects.
   */
  launch(plan: MachinePlan, signal: AbortSignal): Promise<Vmm>;

  /** Finds the monitor that an earlier daemon launched for this plan; undefined when there is none. */
  adopt(plan: MachinePlan, signal: AbortSignal): Promise<Vmm | undefined>;

  /** Kills what an earlier, perhaps half-done launch of this plan may have left, and removes its run files. Repeatable. */
  sweep(plan: MachinePlan, signal: AbortSignal): Promise<void>;
}

export interface DriverProbe {
  /** Empty when the program is missing */
  readonly version: string;
  readonly binary: string;
  readonly problems: readonly HostProblem[];
}

export interface HostProblem {
  readonly what: string;
  /** One line to paste */
  readonly hint: string;
}

/** A running monitor. Disposing it kills it and waits until it is gone; disposing twice is fine. */
export interface Vmm extends AsyncDisposable {
  readonly pid: number;
  /** As it was started, for `vm show` */
  readonly command: readonly string[];
  /** "q35", "microvm" */
  readonly machine: string;
  readonly version: string;
  /** Resolves, never rejects */
  readonly exited: Promise<VmmExit>;
  /** Aborts when the monitor is gone */
  readonly gone: AbortSignal;
  /** A fresh connection to the guest agent's byte stream; one at a time. The caller owns it. */
  openAgentStream(signal: AbortSignal): Promise<Duplex>;
  kill(signal: NodeJS.Signals): void;
  /** Told each time the host could not read or write what a disk of the guest is made of; the guest sees an I/O error. */
  onDiskTrouble(listen: (trouble: DiskTrouble) => void): void;
  /**
   * Lets go without ending it: what a daemon that stops does, so that the next one can adopt it (a monitor talks to
   * one client at a time). Of a handle that was let go, only disposing is meaningful.
   */
  release(): Promise<void>;
}

export interface DiskTrouble {
  /** "overlay", "work", … */
  readonly disk: string;
  /** "read", "write" */
  readonly operation: string;
  readonly isFull: boolean;
  /** In the words of the host's kernel */
  readonly reason: string;
}

export type VmmExit =
  /** The guest powered itself off, or asked for it */
  | { readonly kind: 'guest-off' }
  /** The guest reset itself (reboot, or a kernel panic with `panic=-1`) */
  | { readonly kind: 'guest-reset' }
  /** Ended by a signal that banger or somebody else sent */
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'crashed'; readonly exitCode: number | null; readonly logFile: string };
