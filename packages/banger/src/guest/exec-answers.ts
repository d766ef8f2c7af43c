import { BangerError } from '@banger/protocol/errors';

import {
  type ExecExit,
  type ExecFailure,
  ExecFailure_Reason as Reason,
  type ExecResponse,
} from './generated/banger/guest/v1/guest_pb.ts';
import type { GuestExec, GuestExecIo, GuestExit } from './guest.ts';

/** Reads what the agent says about one command, and refuses what is out of order or out of range. */
export class ExecAnswers {
  readonly #request: GuestExec;
  readonly #io: Pick<GuestExecIo, 'onOutput' | 'onStarted'>;
  #started = false;
  #exit: GuestExit | undefined;

  constructor(request: GuestExec, io: Pick<GuestExecIo, 'onOutput' | 'onStarted'>) {
    this.#request = request;
    this.#io = io;
  }

  get isOver(): boolean {
    return this.#exit !== undefined;
  }

  async take({ kind }: ExecResponse): Promise<void> {
    if (this.isOver) throw disorder('it goes on after the exit');
    if (kind.case === 'failure') {
      if (this.#started) throw disorder('it failed to start after it had started');
      throw failureOf(this.#request, kind.value);
    }
    if (this.#started !== (kind.case !== 'started')) throw disorder('it did not begin with its start');
    switch (kind.case) {
      case 'started':
        this.#started = true;
        this.#io.onStarted?.(kind.value.pid);
        return;
      case 'stdout':
      case 'stderr':
        return this.#io.onOutput(kind.case, kind.value);
      case 'exit':
        this.#exit = exitOf(kind.value);
        return;
      case undefined:
        throw disorder('a message is empty');
    }
  }

  /** After the last message */
  end(): GuestExit {
    if (this.#exit === undefined) throw disorder('it ended without an exit');
    return this.#exit;
  }
}

function exitOf({ code, signal }: ExecExit): GuestExit {
  if (code < 0 || code > 255 || signal < 0 || signal > 64) throw disorder('its exit is out of range');
  return signal === 0 ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

/** Why a command could not be started */
export function failureOf({ argv, cwd, user }: Pick<GuestExec, 'argv' | 'cwd' | 'user'>, { reason, message }: ExecFailure): BangerError {
  const command = argv[0] ?? '';
  const cannot = `Cannot run "${command}"`;
  const fact = message.slice(0, 1024).replaceAll(/\p{Cc}/gu, ' ');
  switch (reason) {
    case Reason.NOT_FOUND:
      return new BangerError('exec.not_found', `${cannot}: the guest has no such command`, {
        hint: `apt-get update && apt-get install --yes ${command}   # in the guest, if a package has it`,
      });
    case Reason.NOT_EXECUTABLE:
      return new BangerError('exec.not_executable', `${cannot}: ${fact}`, {
        hint: `chmod +x ${command}   # in the guest, if it is a program`,
      });
    case Reason.NO_SUCH_USER:
      return new BangerError('exec.invalid', `${cannot}: the guest has no user "${user ?? ''}"`, {
        hint: 'getent passwd   # in the guest, for those it has',
      });
    case Reason.BAD_CWD:
      return new BangerError('exec.invalid', `${cannot}: ${fact}`, {
        hint: `mkdir -p ${cwd ?? '/'}   # in the guest`,
        details: { cwd },
      });
    case Reason.BAD_REQUEST:
      return new BangerError('exec.invalid', `${cannot}: ${fact}`);
    case Reason.RESOURCES:
      return new BangerError('guest.refused', `${cannot}: ${fact}`, { hint: 'banger vm stats' });
    case Reason.UNSPECIFIED:
    default:
      return disorder(`its failure has the unknown reason ${String(reason)}`);
  }
}

function disorder(fact: string): BangerError {
  return new BangerError('guest.protocol', `The guest agent broke the protocol of a command: ${fact}`);
}
