import { constants } from 'node:os';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';
import { ExecStatus } from '@banger/protocol/exec';
import { fromWireError, WireError } from '@banger/protocol/wire-error';

import { checkShape } from './check-answer.ts';

/** How a command ended. */
export interface ExecOutcome {
  /** Its exit status; 128+N when signal N ended it */
  readonly exitCode: number;
  /** Number of the signal that ended it */
  readonly signal: number | undefined;
}

/** Reads the last message of a command's stream. Throws when the command could not be run or was lost. */
export function readOutcome(bytes: Uint8Array): ExecOutcome {
  const text = Buffer.from(bytes).toString('utf8');
  const status = checkShape(ExecStatus, JSON.parse(text), 'a command');
  if (status.error !== undefined) throw fromWireError(WireError.parse(status.error));
  if (status.status === 'Success') return { exitCode: 0, signal: undefined };
  for (const { reason, message } of status.details?.causes ?? []) {
    if (reason === 'ExitCode') return { exitCode: Number(message), signal: undefined };
    if (reason === 'Signal') {
      const signal = signalNumber(message);
      return { exitCode: 128 + signal, signal };
    }
  }
  throw new BangerError(codeOf(status.reason), status.message ?? 'The command failed unexplained');
}

/** `9` or `SIGKILL`; 0 when it is neither. */
export function signalNumber(name: string | number): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  return known[name] ?? (Number.isInteger(Number(name)) ? Number(name) : 0);
}

function codeOf(reason: string | undefined): ErrorCode {
  return reason === 'Timeout' ? 'operation.cancelled' : 'guest.refused';
}
