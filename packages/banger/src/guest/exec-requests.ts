import type { MessageInitShape } from '@bufbuild/protobuf';

import { orAbort } from '../host/or-abort.ts';
import type { ExecRequestSchema } from './generated/banger/guest/v1/guest_pb.ts';
import type { GuestExec, GuestExecInput } from './guest.ts';

type ExecMessage = MessageInitShape<typeof ExecRequestSchema>;

/** Larger chunks gain nothing, and smaller ones let signals and resizes through between them. */
const CHUNK_BYTES = 64 * 1024;

/** The start, then the caller's input until it ends or the command is over. */
export async function* execRequests(
  request: GuestExec,
  input: AsyncIterable<GuestExecInput>,
  over: AbortSignal,
): AsyncGenerator<ExecMessage, void> {
  yield { kind: { case: 'start', value: startOf(request) } };
  const inputs = input[Symbol.asyncIterator]();
  try {
    while (!over.aborted) {
      const next = await orAbort(inputs.next(), over).catch(dropWhen(over));
      if (next === undefined || next.done === true) break;
      yield* messagesOf(next.value);
    }
  } finally {
    // It may itself wait for something that never comes, so nobody waits for it.
    void inputs.return?.().catch(() => undefined);
  }
}

/** What to run, for whoever starts it */
export function startOf({ cwd = '', imageDir = '', stopSignal = 0, user = '', ...command }: GuestExec) {
  const { argv, env, terminal, stdin } = command;
  const { rows, cols, term = '' } = terminal ?? { rows: 0, cols: 0 };
  return {
    argv: [...argv],
    env: { ...env },
    ...{ cwd, imageDir, stopSignal, user },
    stdin,
    ...(terminal !== undefined && { terminal: { size: { rows, cols }, term } }),
  };
}

function* messagesOf(input: GuestExecInput): Generator<ExecMessage, void> {
  switch (input.kind) {
    case 'stdin':
      for (let at = 0; at < input.bytes.length; at += CHUNK_BYTES) {
        yield { kind: { case: 'stdin', value: input.bytes.subarray(at, at + CHUNK_BYTES) } };
      }
      return;
    case 'eof':
      yield { kind: { case: 'stdinEof', value: {} } };
      return;
    case 'signal':
      yield { kind: { case: 'signal', value: input.signal } };
      return;
    case 'resize':
      yield { kind: { case: 'resize', value: { rows: input.rows, cols: input.cols } } };
  }
}

function dropWhen(over: AbortSignal) {
  return (error: unknown): undefined => {
    if (!over.aborted) throw error;
  };
}
