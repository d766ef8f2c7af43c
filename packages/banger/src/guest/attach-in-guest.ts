import type { Client } from '@connectrpc/connect';
import type { MessageInitShape } from '@bufbuild/protobuf';

import { orAbort } from '../host/or-abort.ts';
import { AttachAnswers } from './attach-answers.ts';
import type {
  AttachSessionRequestSchema,
  AttachSessionResponse,
  SessionsService,
} from './generated/banger/guest/v1/sessions_pb.ts';
import { ANSWER_MS } from './guest-calls.ts';
import type { GuestAttach, GuestAttachment, SessionMessage } from './guest-sessions.ts';
import { Outbox } from './outbox.ts';
import { disorder, streamTo } from './session-messages.ts';

type AttachMessage = MessageInitShape<typeof AttachSessionRequestSchema>;
type Put = (kind: NonNullable<AttachMessage['kind']>) => Promise<void>;

/** Output on its way that nobody has taken yet */
const WINDOW_BYTES = 512 * 1024;
/** Taken output is granted anew in pieces of this size, not with each message. */
const GRANT_BYTES = 128 * 1024;

export interface AttachHost {
  readonly client: Client<typeof SessionsService>;
  /** Of the caller and of the guest */
  readonly alive: AbortSignal;
  /** What an error of the call means */
  readonly explain: (error: unknown) => unknown;
}

/** Resolves when attached. The call ends with `alive`, with the session, or when it is closed. */
export async function attachInGuest(
  { client, alive, explain }: AttachHost,
  request: GuestAttach,
): Promise<GuestAttachment> {
  const over = new AbortController();
  const signal = AbortSignal.any([alive, over.signal]);
  const outbox = new Outbox<AttachMessage>();
  const put: Put = (kind) => outbox.put({ kind });
  void put({ case: 'open', value: openTo(request) });
  void put({ case: 'grantBytes', value: BigInt(WINDOW_BYTES) });
  const responses = client.attachSession(outbox, { signal })[Symbol.asyncIterator]();
  const close = () => {
    outbox.close();
    over.abort(new Error('the attachment is over'));
  };
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const first = await orAbort(responses.next(), soon);
    const answers = new AttachAnswers(first.done === true ? undefined : first.value, request);
    return {
      ...answers.start,
      messages: read({ responses, answers, put, signal, explain, close }),
      write: ({ offset, bytes, eof }) =>
        put({ case: 'input', value: { offset: BigInt(offset), bytes, eof } }),
      resize: (size) => void put({ case: 'resize', value: size }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

interface Reading {
  readonly responses: AsyncIterator<AttachSessionResponse>;
  readonly answers: AttachAnswers;
  readonly put: Put;
  readonly signal: AbortSignal;
  readonly explain: (error: unknown) => unknown;
  readonly close: () => void;
}

async function* read({ responses, answers, put, signal, explain, close }: Reading): AsyncGenerator<SessionMessage, void> {
  let taken = 0;
  try {
    for (;;) {
      const next = await orAbort(responses.next(), signal);
      if (next.done === true) throw disorder('an attachment ended without an end');
      const message = answers.take(next.value);
      yield message;
      if (message.kind === 'ended' || message.kind === 'caught-up') return;
      if (message.kind === 'output') taken += message.bytes.length;
      if (taken < GRANT_BYTES) continue;
      void put({ case: 'grantBytes', value: BigInt(taken) });
      taken = 0;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    close();
  }
}

function openTo({ session, from, only, follow, writer }: GuestAttach) {
  return {
    session,
    only: streamTo(only),
    follow,
    from: fromTo(from),
    ...(writer !== undefined && { writer: { ...writer } }),
  };
}

/** All that is kept is more than any number of lines. */
const ALL_LINES = 2 ** 32 - 1;

function fromTo(from: GuestAttach['from']) {
  if (from !== undefined && 'stdout' in from) {
    const value = { stdout: BigInt(from.stdout), stderr: BigInt(from.stderr) };
    return { case: 'position', value } as const;
  }
  return { case: 'tailLines', value: from?.tailLines ?? ALL_LINES } as const;
}
