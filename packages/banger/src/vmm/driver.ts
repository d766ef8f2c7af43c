import type { Duplex } from 'node:stream';

import type { Limits } from '@banger/protocol/limits';
import type { Accelerator, NetworkName, Timing } from '@banger/protocol/vm';

import type { HostProblem } from '../host/host-problem.ts';
import type { MachinePlan } from '../machine/plan.ts';

/** A virtual machine monitor banger can run. */
export interface VmmDriver {
  readonly name: 'qemu' | 'firecracker' | 'fake';

  /** Callers branch on these, never on `name` */
  readonly features: {
    readonly accelerators: readonly Accelerator[];
    readonly networks: readonly NetworkName[];
    /** The guest can find its drives by serial number; else by their order, which is base, overlay, work, modules */
    readonly driveSerials: boolean;
    /** Memory and devices can be saved and loaded (`Vmm.save`, a plan's `start`) */
    readonly savedStates: boolean;
    /** The network of a guest can be limited (`plan.spec`, `Vmm.setLimits`); disks always can */
    readonly networkLimits: boolean;
  };

  /** Looks at the host and changes nothing. No problems means ready. */
  probe(signal: AbortSignal): Promise<DriverProbe>;

  /**
   * Everything about the monitor that a saved state depends on: two plans with the same fingerprint can be started from
   * each other's state, whatever their names, paths, disks' contents and sizes, addresses and NAT.
   */
  fingerprint(plan: MachinePlan, signal: AbortSignal): Promise<VmmFingerprint>;

  /**
   * Resolves when the monitor runs the guest; the guest may still be booting. Needs the directories of the plan,
   * writes its own run files there, and leaves no process when it rejects. With a saved state (`plan.start.state`) it
   * resolves when that is loaded, and the vCPUs stand until `resume`; a state that cannot be loaded rejects with
   * `vm.state_unusable`. The guest is held to the limits of `plan.spec`, whatever was saved; one that this monitor does not
   * have rejects with `usage.invalid`.
   */
  launch(plan: MachinePlan, signal: AbortSignal): Promise<Vmm>;

  /** Finds the monitor that an earlier daemon launched for this plan; undefined when there is none. */
  adopt(plan: MachinePlan, signal: AbortSignal): Promise<Vmm | undefined>;

  /** Where what the monitor of this plan says is, whether or not it runs. */
  log(plan: MachinePlan): VmmLog;

  /** Kills what an earlier, perhaps half-done launch of this plan may have left, and removes its run files. Repeatable. */
  sweep(plan: MachinePlan, signal: AbortSignal): Promise<void>;
}

export interface VmmLog {
  readonly file: string;
  /** What of a line the monitor has said, undefined when it was somebody else; without it the whole file is the monitor's */
  readonly own?: (line: string) => string | undefined;
}

export interface VmmFingerprint {
  readonly version: string;
  /** "q35", "microvm" */
  readonly machine: string;
  /** Hex SHA-256 over version, machine, CPU model (with the host's, where the guest sees it), devices and sizes */
  readonly digest: string;
  /** For people: the host's processor, where the guest sees it */
  readonly processor: string | null;
}

export interface DriverProbe {
  /** Empty when the program is missing */
  readonly version: string;
  readonly binary: string;
  readonly problems: readonly HostProblem[];
  /** What works less well than with another version, each as a clause */
  readonly lacks: readonly string[];
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
  /** How long `launch` took, by part: `spawn`, and `load` of a saved state; empty for an adopted one */
  readonly timings: readonly Timing[];
  /** Stops the vCPUs; nothing happens when they stand. */
  pause(signal: AbortSignal): Promise<void>;
  /** Lets the vCPUs run, whatever stopped them; nothing happens when they run. */
  resume(signal: AbortSignal): Promise<void>;
  isPaused(signal: AbortSignal): Promise<boolean>;
  /**
   * Holds the guest to these limits from now on, and to none where one is null; what it has begun it may finish. Rejects
   * with `usage.invalid` for one that this monitor does not have.
   */
  setLimits(limits: Limits, signal: AbortSignal): Promise<void>;
  /** Makes a writable disk's file larger and tells the guest; nothing happens when it is that large. */
  growDisk(disk: 'overlay' | 'work', mib: number, signal: AbortSignal): Promise<void>;
  /**
   * Saves memory and devices as of one instant at which the vCPUs stand, and calls `atPause` at that instant (to copy the
   * disks, which are flushed then). Afterwards, and on every way out, the vCPUs run if they ran before, else stand; a
   * VM that runs is stopped for tens of milliseconds only. Of a plan with `shared` memory, `to.memory` must be that
   * file, and only the devices are written: a VM that runs on writes on in it, so who wants to load it pauses the VM
   * before and ends it after. The files are whole when it resolves; when it rejects they are for the
   * caller to remove. Not synced to the storage.
   */
  save(to: SavedFiles, options: SaveOptions): Promise<{ readonly pausedMs: number }>;
  /** Told each time the host could not read or write what a disk of the guest is made of; the guest sees an I/O error. */
  onDiskTrouble(listen: (trouble: DiskTrouble) => void): void;
  /**
   * Lets go without ending it: what a daemon that stops does, so that the next one can adopt it (a monitor talks to
   * one client at a time). Of a handle that was let go, only disposing is meaningful.
   */
  release(): Promise<void>;
}

export interface SavedFiles {
  /** The guest's memory as it lies at its addresses, sparse */
  readonly memory: string;
  /** Devices, in the monitor's own format */
  readonly state: string;
}

export interface SaveOptions {
  readonly atPause: () => Promise<void>;
  readonly signal: AbortSignal;
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
