import type { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import type { ExecRequest } from '@banger/protocol/exec';
import { newExecId, type ExecId, type OperationId } from '@banger/protocol/ids';

import type { Clock } from '../host/clock.ts';
import { imageCommand } from '../machine/image-command.ts';
import { wakeHint } from '../machine/refusals.ts';
import type { Supervisor } from '../machine/supervisor.ts';
import { RunningExec } from './running-exec.ts';

/** A command waits this long for its stream. */
const ATTACH_WITHIN_MS = 30_000;

/** Commands between the request for them and their end, by id. */
export class ExecRegistry {
  readonly #waiting = new Map<ExecId, RunningExec>();
  readonly #attached = new Map<ExecId, RunningExec>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(
    vm: Supervisor,
    { timeoutMs, terminal, stdin, ...wanted }: z.output<typeof ExecRequest>,
    operation: OperationId,
  ): ExecId {
    if (vm.record.state.name !== 'running') {
      const { name, state } = vm.record;
      throw new BangerError(
        'vm.not_running',
        `Cannot run a command in VM "${name}": it is ${state.name}`,
        { hint: wakeHint(vm.record) },
      );
    }
    const { isShell, ...command } = imageCommand(vm.record, wanted);
    const id = newExecId();
    const size = terminal && { ...terminal.size, term: terminal.term };
    const request = { ...command, stdin, terminal: size };
    this.#waiting.set(id, new RunningExec({ vm, request, isShell, timeoutMs, operation }));
    void this.#endUnattached(id);
    return id;
  }

  /** Once; the caller says with `detach` that it is over. */
  attach(id: ExecId): RunningExec {
    const exec = this.#waiting.get(id);
    if (exec === undefined) throw unknownExec(id);
    this.#waiting.delete(id);
    this.#attached.set(id, exec);
    return exec;
  }

  detach(id: ExecId): void {
    this.#attached.delete(id);
  }

  signal(id: ExecId, signal: number): void {
    const exec = this.#attached.get(id) ?? this.#waiting.get(id);
    if (exec === undefined) throw unknownExec(id);
    exec.input.push({ kind: 'signal', signal });
  }

  async #endUnattached(id: ExecId): Promise<void> {
    await this.#clock.wait(ATTACH_WITHIN_MS, new AbortController().signal);
    this.#waiting.get(id)?.end(new BangerError('operation.cancelled', 'nobody attached to it'));
    this.#waiting.delete(id);
  }
}

export function unknownExec(id: string): BangerError {
  return new BangerError(
    'exec.not_found',
    `Cannot find command "${id}": it has ended, or was never asked for`,
    {
      hint: 'banger vm exec VM -- COMMAND',
    },
  );
}
