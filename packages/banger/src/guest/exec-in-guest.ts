import type { Client } from '@connectrpc/connect';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { ExecAnswers } from './exec-answers.ts';
import { execRequests } from './exec-requests.ts';
import type { ExecResponse, GuestService } from './generated/banger/guest/v1/guest_pb.ts';
import type { GuestExec, GuestExecIo, GuestExit } from './guest.ts';

/** To find the program and fork; how long it then runs is its own business */
const START_MS = 30_000;

export interface ExecHost {
  readonly client: Client<typeof GuestService>;
  readonly clock: Clock;
}

export interface ExecCall {
  readonly request: GuestExec;
  readonly io: GuestExecIo;
  readonly signal: AbortSignal;
}

/** Runs one command. However it ends, the stream is ended too, which ends the command if it still runs. */
export async function execInGuest(
  { client, clock }: ExecHost,
  { request, io, signal }: ExecCall,
): Promise<GuestExit> {
  signal.throwIfAborted();
  const over = new AbortController();
  const alive = AbortSignal.any([signal, over.signal]);
  const answers = new ExecAnswers(request, io);
  try {
    const requests = execRequests(request, io.input, alive);
    const responses = client.exec(requests, { signal: alive })[Symbol.asyncIterator]();
    await take(await withinStart(responses.next()));
    // The exit is the last message; the agent waits for us to end the stream, so that none of it is lost.
    while (!answers.isOver) {
      const next = await orAbort(responses.next(), alive);
      if (next.done === true) return answers.end();
      await take(next);
    }
    return answers.end();
  } finally {
    over.abort(new Error('the command is over'));
  }

  async function take(next: IteratorResult<ExecResponse>): Promise<void> {
    if (next.done === true) answers.end();
    else await orAbort(answers.take(next.value), signal);
  }

  async function withinStart<T>(first: Promise<T>): Promise<T> {
    const came = new AbortController();
    const late = clock.wait(START_MS, AbortSignal.any([alive, came.signal])).then(() => {
      throw new BangerError('guest.unreachable', 'The guest did not start the command in time');
    });
    try {
      return await Promise.race([orAbort(first, alive), late]);
    } finally {
      came.abort();
    }
  }
}
