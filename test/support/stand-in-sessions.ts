import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  type BangerError,
  type ErrorCode,
  toBangerError,
} from '../../packages/protocol/src/errors.ts';
import type { OutputStream as StreamName, Session } from '../../packages/protocol/src/session.ts';
import {
  type AttachSessionRequest,
  type AttachSessionResponseSchema,
  LostOutput_Cause as Cause,
  OutputStream,
  type SessionSchema,
  type SessionsService,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/sessions_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import type {
  GuestAttach,
  GuestAttachment,
  SessionMessage,
} from '../../packages/banger/src/guest/guest-sessions.ts';
import { failureReasons } from './stand-in-failures.ts';

type Answer = MessageInitShape<typeof AttachSessionResponseSchema>;

const codes: Readonly<Partial<Record<ErrorCode, Code>>> = {
  'session.not_found': Code.NotFound,
  'session.name_taken': Code.AlreadyExists,
  'session.has_writer': Code.Aborted,
  'session.rewound': Code.InvalidArgument,
};

/** The sessions of a fake guest, as messages. */
export function serveSessions(guest: Guest): Partial<ServiceImpl<typeof SessionsService>> {
  const { sessions } = guest;
  return {
    async startSession({ name, command, requiredCommands, keepBytes }, { signal }) {
      const { argv = [], env = {}, stdin = false } = command ?? {};
      const order = {
        name,
        argv,
        env,
        stdin,
        requiredCommands,
        keepBytes: Number(keepBytes) || undefined,
      };
      try {
        return { kind: { case: 'started', value: sessionTo(await sessions.start(order, signal)) } };
      } catch (error) {
        const { code, message } = toBangerError(error);
        const reason = failureReasons[code];
        if (reason !== undefined) return { kind: { case: 'failure', value: { reason, message } } };
        if (code !== 'session.command_missing') throw refusal(error);
        const names = requiredCommands.filter((one) => message.includes(one));
        return { kind: { case: 'missing', value: { names } } };
      }
    },
    listSessions: (_, { signal }) =>
      told(async () => ({ sessions: (await sessions.list(signal)).map(sessionTo) })),
    getSession: ({ session }, { signal }) =>
      told(async () => ({ session: sessionTo(await sessions.get(session, signal)) })),
    writeSession: ({ session, token, input }, { signal }) =>
      told(async () => {
        const { offset = 0n, bytes = new Uint8Array(), eof = false } = input ?? {};
        const piece = { token, offset: Number(offset), bytes, eof };
        return { inputTaken: BigInt(await sessions.write(session, piece, signal)) };
      }),
    signalSession: ({ session, signal: number }, { signal }) =>
      told(async () => {
        await sessions.signal(session, number, signal);
        return {};
      }),
    stopSession: ({ session, graceNs }, { signal }) =>
      told(async () => {
        const graceMs = Number(graceNs / 1_000_000n);
        return { session: sessionTo(await sessions.stop(session, graceMs, signal)) };
      }),
    removeSession: ({ session }, { signal }) =>
      told(async () => {
        await sessions.remove(session, signal);
        return {};
      }),
    attachSession: (requests, { signal }) => attach(guest, requests, signal),
  };
}

async function* attach(
  guest: Guest,
  requests: AsyncIterable<AttachSessionRequest>,
  signal: AbortSignal,
): AsyncGenerator<Answer, void> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = (await incoming.next()).value as AttachSessionRequest; // The client sends it at once.
  const attachment = await told(() => guest.sessions.attach(openingOf(first), signal));
  const { session, position, inputTaken, isWriter } = attachment;
  yield {
    kind: {
      case: 'attached',
      value: {
        session: sessionTo(session),
        position: { stdout: BigInt(position.stdout), stderr: BigInt(position.stderr) },
        inputTaken: BigInt(inputTaken),
        isWriter,
      },
    },
  };
  const receiving = receive(incoming, attachment);
  for await (const message of attachment.messages) yield messageTo(message);
  await receiving;
}

async function receive(
  incoming: AsyncIterator<AttachSessionRequest>,
  attachment: GuestAttachment,
): Promise<void> {
  try {
    for (;;) {
      const next = await incoming.next();
      if (next.done === true) return;
      const { kind } = next.value;
      if (kind.case === 'input')
        await attachment.write({ ...kind.value, offset: Number(kind.value.offset) });
      else if (kind.case === 'resize') attachment.resize(kind.value);
    }
  } catch {
    attachment.close(); // The host went away.
  }
}

function openingOf({ kind }: AttachSessionRequest): GuestAttach {
  if (kind.case !== 'open') throw new Error('the first request is not open');
  const { session, from, only, follow, writer } = kind.value;
  const { stdout = 0n, stderr = 0n } = from.case === 'position' ? from.value : {};
  return {
    ...{ session, follow, writer },
    only: streamNames[only],
    from:
      from.case === 'position'
        ? { stdout: Number(stdout), stderr: Number(stderr) }
        : from.value === 2 ** 32 - 1
          ? undefined
          : { tailLines: from.value ?? 0 },
  };
}

const streamNames: Readonly<Record<OutputStream, StreamName | undefined>> = {
  [OutputStream.UNSPECIFIED]: undefined,
  [OutputStream.STDOUT]: 'stdout',
  [OutputStream.STDERR]: 'stderr',
};
const streamNumbers = { stdout: OutputStream.STDOUT, stderr: OutputStream.STDERR } as const;

function messageTo(message: SessionMessage): Answer {
  switch (message.kind) {
    case 'output': {
      const { stream, offset, bytes } = message;
      const value = { stream: streamNumbers[stream], offset: BigInt(offset), bytes };
      return { kind: { case: 'output', value } };
    }
    case 'lost': {
      const { stream, start, end } = message.lost;
      const range = { start: BigInt(start), end: BigInt(end), cause: Cause.OVERWRITTEN };
      return { kind: { case: 'lost', value: { stream: streamNumbers[stream], ...range } } };
    }
    case 'taken':
      return { kind: { case: 'inputTaken', value: BigInt(message.offset) } };
    case 'replaced':
      return { kind: { case: 'writerReplaced', value: {} } };
    case 'refused':
      return { kind: { case: 'inputRefused', value: {} } };
    case 'ended':
      return { kind: { case: 'ended', value: sessionTo(message.session) } };
    case 'caught-up':
      return { kind: { case: 'caughtUp', value: sessionTo(message.session) } };
  }
}

export function sessionTo(session: Session): MessageInitShape<typeof SessionSchema> {
  const { id, name, argv, pid, terminal, stdin, exit, output, keepBytes } = session;
  const { readers, hasWriter, inputClosed } = session;
  const kept = (range: { start: number; end: number }) => ({
    start: BigInt(range.start),
    end: BigInt(range.end),
  });
  const code = exit?.kind === 'exited' ? exit.code : 0;
  const signal = exit?.kind === 'signalled' ? exit.signal : 0;
  const startedUnixNs = BigInt(Date.parse(session.startedAt)) * 1_000_000n;
  return {
    ...{ id, name, argv, pid, terminal, stdin, readers, hasWriter, inputClosed },
    ...{ startedUnixNs, keepBytes: BigInt(keepBytes) },
    ...{ stdout: kept(output.stdout), stderr: kept(output.stderr) },
    ...(exit !== null && { exit: { code, signal }, endedUnixNs: startedUnixNs }),
  };
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusal(error);
  }
}

function refusal(thrown: unknown): ConnectError {
  const error: BangerError = toBangerError(thrown);
  return new ConnectError(error.message, codes[error.code] ?? Code.FailedPrecondition);
}
