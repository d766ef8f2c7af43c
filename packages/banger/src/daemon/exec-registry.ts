import type { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import type { ExecRequest } from '@banger/protocol/exec';
import { newExecId, type ExecId, type OperationId } from '@banger/protocol/ids';

import type { GuestExec, GuestExecInput } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { Supervisor } from '../machine/supervisor.ts';
import { InputQueue } from './input-queue.ts';

/** A described command waits this long for its stream. */
const ATTACH_WITHIN_MS = 30_000;

export interface PendingExec {
  readonly vm: Supervisor;
  readonly request: GuestExec;
  readonly timeoutMs: number | undefined;
  readonly input: InputQueue<GuestExecInput>;
  /** Of the request that described it */
  readonly operation: OperationId;
}

/** Commands between their description and their end, by id. */
export class ExecRegistry {
  readonly #waiting = new Map<ExecId, PendingExec>();
  readonly #attached = new Map<ExecId, PendingExec>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(
    vm: Supervisor,
    { timeoutMs, terminal, ...rest }: z.output<typeof ExecRequest>,
    operation: OperationId,
  ): ExecId {
    if (vm.record.state.name !== 'running') {
      const { name, state } = vm.record;
      throw new BangerError(
        'vm.not_running',
        `Cannot run a command in VM "${name}": it is ${state.name}`,
        {
          hint: `banger vm start ${name}`,
        },
      );
    }
    const id = newExecId();
    const size = terminal && { ...terminal.size, term: terminal.term };
    const request = { ...rest, stdin: rest.stdin, terminal: size };
    this.#waiting.set(id, { vm, request, timeoutMs, input: new InputQueue(), operation });
    void this.#forgetLater(id);
    return id;
  }

  /** Once: the stream that attaches runs the command and releases it at the end. */
  attach(id: ExecId): PendingExec & Disposable {
    const exec = this.#waiting.get(id);
    if (exec === undefined) throw unknownExec(id);
    this.#waiting.delete(id);
    this.#attached.set(id, exec);
    return { ...exec, [Symbol.dispose]: () => void this.#attached.delete(id) };
  }

  signal(id: ExecId, signal: number): void {
    const exec = this.#attached.get(id);
    if (exec === undefined) throw unknownExec(id);
    exec.input.push({ kind: 'signal', signal });
  }

  async #forgetLater(id: ExecId): Promise<void> {
    await this.#clock.wait(ATTACH_WITHIN_MS, new AbortController().signal);
    this.#waiting.delete(id);
  }
}

function unknownExec(id: ExecId): BangerError {
  return new BangerError(
    'exec.not_found',
    `Cannot find command "${id}": it has ended or was never described`,
    {
      hint: 'banger vm exec VM -- COMMAND',
    },
  );
}
