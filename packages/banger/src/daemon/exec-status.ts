import type { BangerError } from '@banger/protocol/errors';
import type { ExecStatus } from '@banger/protocol/exec';
import type { OperationId } from '@banger/protocol/ids';
import { toWireError } from '@banger/protocol/wire-error';

import type { GuestExit } from '../guest/guest.ts';

/** The last message of a stream, in Kubernetes' words. */
export function statusOf(exit: GuestExit): ExecStatus {
  if (exit.kind === 'exited' && exit.code === 0) return { status: 'Success' };
  const cause =
    exit.kind === 'exited'
      ? { reason: 'ExitCode', message: String(exit.code) }
      : { reason: 'Signal', message: String(exit.signal) };
  return { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [cause] } };
}

/** The command could not be run, or was lost. */
export function failureStatus(error: BangerError, operation: OperationId): ExecStatus {
  const { message } = error;
  const reason = 'InternalError';
  return { status: 'Failure', reason, message, error: toWireError(error, operation) };
}
