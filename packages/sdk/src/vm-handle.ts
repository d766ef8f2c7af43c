import type { Duplex } from 'node:stream';

import { api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';
import type { VmPort } from '@banger/protocol/port';
import type { Snapshot, Vm } from '@banger/protocol/vm';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import { dialGuest, type GuestPlace } from './dial-guest.ts';
import { execCommand, type ExecResult } from './exec-command.ts';
import type { ExecOptions, SpawnOptions } from './exec-options.ts';
import { createFiles, type VmFiles } from './files/vm-files.ts';
import {
  forwardPorts,
  type ForwardedPort,
  type Forwarding,
  type ForwardOptions,
} from './forward-ports.ts';
import type { Work } from './follow-work.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { spawnCommand, type RunningCommand } from './spawn-command.ts';
import { createWorkspaces, type VmWorkspace } from './workspace/vm-workspace.ts';

/** How a VM is copied. */
export interface ForkOptions extends CallOptions {
  /** Of the copy; `<name>-1`, `<name>-2`, … with a count above one. Default: made up */
  readonly name?: string | undefined;
  /** Default: 1 */
  readonly count?: number | undefined;
}

/**
 * One VM. A handle that `vms.create` made without `keep` owns its VM: disposing it resolves when the VM is deleted.
 * Any other handle owns nothing and may be dropped.
 */
export class VmHandle implements AsyncDisposable {
  readonly id: VmId;
  readonly name: string;
  /** The record at the time the handle was made */
  readonly record: Vm;
  /** Commands with a name that go on by themselves */
  readonly sessions: Sessions;
  readonly #caller: Caller;
  #lease: Work<Vm> | undefined;

  constructor(caller: Caller, record: Vm, lease?: Work<Vm>) {
    this.#caller = caller;
    this.record = record;
    this.id = record.id;
    this.name = record.name;
    this.sessions = createSessions(caller, record.id);
    this.#lease = lease;
  }

  /** Its files, to copy in and out. */
  get files(): VmFiles {
    return createFiles(this.#caller, this.id);
  }

  /** Runs a command and collects what it writes; a status other than 0 is a result. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execCommand(this.#caller, { vm: this.id, argv }, options);
  }

  /** Starts a command whose output goes to sinks as it comes. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<RunningCommand> {
    return spawnCommand(this.#caller, { vm: this.id, argv }, options);
  }

  /** A connection to a TCP port of the guest's loopback, or to a unix socket by its path. */
  dial(place: GuestPlace, options: CallOptions = {}): Promise<Duplex> {
    return dialGuest(this.#caller, { vm: this.id, place }, options);
  }

  /** A checkout of this machine in the VM, and what was changed there. */
  get workspace(): VmWorkspace {
    const workspaces = createWorkspaces(this.#caller);
    return {
      prepare: (path, options) => workspaces.prepare(this.id, path, options),
      export: (options) => workspaces.export(this.id, options),
    };
  }

  /** Ports of this host that lead into the guest until the result is disposed. */
  forward(ports: readonly ForwardedPort[], options: ForwardOptions = {}): Promise<Forwarding> {
    return forwardPorts(this.#caller, { vm: this.id, ports }, options);
  }

  /** What listens in the guest, and how it is reached from the host. */
  ports(options: CallOptions = {}): Promise<readonly VmPort[]> {
    return this.#caller.call(api.vmPorts, { vm: this.id }, options);
  }

  /** Stops the vCPUs; a paused VM answers nothing until `resume`. */
  pause(options: CallOptions = {}): Promise<Vm> {
    return this.#caller.call(api.pauseVm, { vm: this.id }, options);
  }

  resume(options: CallOptions = {}): Promise<Vm> {
    return this.#caller.call(api.resumeVm, { vm: this.id }, options);
  }

  /** Saves memory and devices to disk and frees the host memory; `start` goes on from there. */
  suspend(options: CallOptions = {}): Promise<Vm> {
    return this.#caller.call(api.suspendVm, { vm: this.id }, options);
  }

  start(options: CallOptions = {}): Promise<Vm> {
    return this.#caller.call(api.startVm, { vm: this.id }, options);
  }

  /** Makes independent running copies, which stay until somebody deletes them. */
  fork(options: ForkOptions = {}): Promise<readonly VmHandle[]> {
    return forkVm(this.#caller, this.id, options);
  }

  /** Keeps this instant under a name, which the daemon makes up from the time when it is left out. */
  snapshot(name?: string, options: CallOptions = {}): Promise<Snapshot> {
    return this.#caller.call(api.createSnapshot, { vm: this.id, name }, options);
  }

  /** Goes back to a snapshot and runs on from there; what came after it is lost. */
  restore(name: string, options: CallOptions = {}): Promise<Vm> {
    return this.#caller.call(api.restoreSnapshot, { vm: this.id, snapshot: name }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    try {
      await this.#caller.call(api.deleteVm, { vm: this.id }, {});
    } catch (error) {
      if (!(error instanceof BangerError && error.code === 'vm.not_found')) throw error;
    } finally {
      lease.close(); // If it could not be deleted by asking, this deletes it.
    }
  }
}

export function ownedVm(caller: Caller, work: Work<Vm>): VmHandle {
  return new VmHandle(caller, work.result, work);
}

/** The handles own nothing: a copy outlives its original, and this program. */
export async function forkVm(
  caller: Caller,
  vm: string,
  { name, count, ...options }: ForkOptions,
): Promise<readonly VmHandle[]> {
  const copies = await caller.call(api.forkVm, { vm, name, count }, options);
  return copies.map((record) => new VmHandle(caller, record));
}
