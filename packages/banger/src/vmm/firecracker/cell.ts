/**
 * Where one Firecracker lives. Everything that it opens has the same short name in every cell, relative to its working
 * directory (`cellFiles`), so a state that was saved in one cell is loaded in any other as it is: with drives, memory and
 * sockets of that cell. An open cell is the VM's run directory with links in it; a jailed one is the jailer's chroot.
 */
import type { Child, Command, ProcessIdentity } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';

export interface Cells {
  /** Of this plan, whether or not anything of it is there */
  of(plan: MachinePlan): Cell;
}

export interface Cell {
  /** As the host sees the working directory of its Firecracker */
  readonly dir: string;

  /** Puts files of the host in place, instead of what had these names, before `spawn`. They stay where they are too. Repeatable. */
  place(files: readonly CellFile[], signal: AbortSignal): Promise<void>;

  /** Starts Firecracker in it; `args` are Firecracker's own. It may open what was placed, and make what `cellFiles` names. */
  spawn(args: readonly string[], options: CellSpawn): Promise<Child>;

  /**
   * Makes the guest's card lead to what the plan says, where that is in the cell and not on the host: to be called when
   * Firecracker runs, before it is told of its tap. Rejects with `host.network_unavailable`.
   */
  connect(child: Child, signal: AbortSignal): Promise<void>;

  /** What `vm show` says of how it is started */
  command(args: readonly string[]): Command;

  /** Of whoever was started here and is still there, recorded or not */
  find(): Promise<readonly ProcessIdentity[]>;

  /** The process with this identity, if it was started here and is still there; its exit status is not told. */
  adopt(identity: ProcessIdentity): Promise<Child | undefined>;

  /** Moves what a save made to where it belongs, in the place of what is there; the daemon's own from then on. */
  takeOut(name: 'saved-memory' | 'saved-state', to: string, signal: AbortSignal): Promise<void>;

  /** Nothing of it is left: files, mounts, control groups, its network. Its process has ended before. Repeatable. */
  remove(signal: AbortSignal): Promise<void>;
}

export interface CellFile {
  /** One of `cellFiles` */
  readonly name: string;
  readonly hostPath: string;
  readonly access: 'read' | 'write';
}

export interface CellSpawn {
  readonly binary: string;
  /** Standard output and error */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** Names in a cell. The sockets are made by Firecracker, the rest is placed, or made by a save. */
export const cellFiles = {
  api: 'api.sock',
  /** Firecracker's end of the guest's vsock: `CONNECT <port>` (Firecracker, docs/vsock.md) */
  vsock: 'vsock.sock',
  kernel: 'kernel',
  initrd: 'initrd',
  base: 'base',
  overlay: 'overlay',
  work: 'work',
  modules: 'modules',
  /** Loaded */
  memory: 'memory',
  state: 'state',
  /** Being saved; moved to where they belong afterwards */
  savedMemory: 'saved-memory',
  savedState: 'saved-state',
} as const;
