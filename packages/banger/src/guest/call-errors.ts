import { Code, ConnectError } from '@connectrpc/connect';

import { BangerError } from '@banger/protocol/errors';

export interface FailedCall {
  /** For messages: "boot", "exec" */
  readonly verb: string;
  readonly signal: AbortSignal;
  readonly lost: AbortSignal;
}

/** What a failed call was: the caller's own abort, a lost guest, a refusal, or an agent that broke the protocol. */
export function explainCall(error: unknown, { verb, signal, lost }: FailedCall): unknown {
  if (signal.aborted) return signal.reason;
  if (lost.aborted) return lost.reason;
  const cannot = `The guest cannot ${verb}`;
  if (isDeadline(error)) {
    return new BangerError('guest.unreachable', `${cannot}: it did not answer in time`, {
      cause: error,
    });
  }
  if (!(error instanceof ConnectError)) return error;
  if (error.code === Code.Unimplemented) return olderAgent(cannot, error);
  if (isFromGuest(error)) {
    const fact = error.rawMessage.slice(0, 1024);
    return new BangerError('guest.refused', `${cannot}: ${fact}`, {
      cause: error,
      details: { guestCode: Code[error.code] },
    });
  }
  return new BangerError('guest.protocol', `${cannot}: its answer is not the protocol`, {
    cause: error,
  });
}

/** A VM that runs on over an update of banger keeps the agent that it was started with. */
function olderAgent(cannot: string, cause: ConnectError): BangerError {
  return new BangerError(
    'guest.refused',
    `${cannot}: it was started by another version of banger, whose agent does not know how`,
    { cause, hint: 'banger vm restart VM', details: { guestCode: Code[cause.code] } },
  );
}

function isDeadline(error: unknown): boolean {
  if (error instanceof ConnectError) return error.code === Code.DeadlineExceeded;
  return error instanceof DOMException && error.name === 'TimeoutError';
}

/** connect-node puts the response's headers on an error that the other end sent, and none on one that it found itself. */
function isFromGuest(error: ConnectError): boolean {
  return !error.metadata.keys().next().done;
}
