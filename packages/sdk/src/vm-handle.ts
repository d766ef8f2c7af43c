import { api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';
import type { Vm } from '@banger/protocol/vm';

import type { Caller } from './caller.ts';
import { execCommand, type ExecResult } from './exec-command.ts';
import type { ExecOptions, SpawnOptions } from './exec-options.ts';
import type { Work } from './follow-work.ts';
import { spawnCommand, type RunningCommand } from './spawn-command.ts';

/**
 * One VM. A handle that `vms.create` made without `keep` owns its VM: disposing it resolves when the VM is deleted.
 * Any other handle owns nothing and may be dropped.
 */
export class VmHandle implements AsyncDisposable {
  readonly id: VmId;
  readonly name: string;
  /** The record at the time the handle was made */
  readonly record: Vm;
  readonly #caller: Caller;
  #lease: Work<Vm> | undefined;

  constructor(caller: Caller, record: Vm, lease?: Work<Vm>) {
    this.#caller = caller;
    this.record = record;
    this.id = record.id;
    this.name = record.name;
    this.#lease = lease;
  }

  /** Runs a command and collects what it writes; a status other than 0 is a result. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execCommand(this.#caller, { vm: this.id, argv }, options);
  }

  /** Starts a command whose output goes to sinks as it comes. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<RunningCommand> {
    return spawnCommand(this.#caller, { vm: this.id, argv }, options);
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
