import { BangerError, type ErrorCode } from '@banger/protocol/errors';
import { SessionId } from '@banger/protocol/session';

import { orAbort } from '../host/or-abort.ts';
import { findCommand, type FakeCommand } from './fake-commands.ts';
import { FakeSession, type FakeReader } from './fake-session.ts';
import type {
  GuestAttach,
  GuestAttachment,
  GuestSessions,
  SessionMessage,
} from './guest-sessions.ts';

/** What a fake guest has of sessions; it outlives the connections. */
export interface FakeSessions {
  readonly all: FakeSession[];
  made: number;
}

export interface FakeSessionsHost {
  readonly sessions: FakeSessions;
  readonly commands: Readonly<Record<string, FakeCommand>>;
  readonly lost: AbortSignal;
  /** How the guest answers a call: fails as told, or is lost */
  readonly answer: <T>(call: string, signal: AbortSignal, work: () => T | Promise<T>) => Promise<T>;
}

export function fakeSessions({ sessions, commands, lost, answer }: FakeSessionsHost): GuestSessions {
  const find = (reference: string, verb: string): FakeSession =>
    sessions.all.find(({ id, order }) => id === reference || order.name === reference) ??
    refuse('session.not_found', `Cannot ${verb} session "${reference}": there is none`);

  return {
    start: (order, signal) =>
      answer('startSession', signal, () => {
        const { name, requiredCommands } = order;
        const namesake = sessions.all.find((one) => one.order.name === name);
        if (namesake?.hasEnded === false)
          refuse('session.name_taken', `Cannot start session "${name}": a running one has the name`);
        const missing = requiredCommands.filter((one) => !Object.hasOwn(commands, one));
        if (missing.length > 0)
          refuse('session.command_missing', `Cannot start session "${name}": the guest has no ${missing.join(', ')}`);
        const command = findCommand({ ...order, terminal: undefined }, commands);
        if (namesake !== undefined) sessions.all.splice(sessions.all.indexOf(namesake), 1);
        sessions.made += 1;
        const id = SessionId.parse(`ses_${sessions.made.toString(16).padStart(16, '0')}`);
        const session = new FakeSession(id, order, command);
        sessions.all.push(session);
        return session.describe();
      }),
    list: (signal) => answer('listSessions', signal, () => sessions.all.map((one) => one.describe())),
    get: (session, signal) => answer('getSession', signal, () => find(session, 'find').describe()),
    attach: (request, signal) =>
      answer('attachSession', signal, () => {
        const alive = AbortSignal.any([signal, lost]);
        return attachFake(find(request.session, 'attach to'), request, alive);
      }),
    write: (reference, { token, ...input }, signal) =>
      answer('writeSession', signal, () => {
        const session = find(reference, 'send to');
        if (!session.takesInput)
          refuse('session.no_input', `Cannot send to session "${reference}": it takes no input (any more)`);
        return session.write(token, input);
      }),
    signal: (reference, number, signal) =>
      answer('signalSession', signal, () => {
        const session = find(reference, 'signal');
        if (session.hasEnded)
          refuse('session.ended', `Cannot signal session "${reference}": it has ended`);
        session.signal(number);
      }),
    stop: (reference, graceMs, signal) =>
      answer('stopSession', signal, async () => {
        const session = find(reference, 'stop');
        session.signal(15);
        if (graceMs === 0) session.signal(9);
        while (!session.hasEnded) await orAbort(session.changed, signal);
        return session.describe();
      }),
    remove: (reference, signal) =>
      answer('removeSession', signal, () => {
        const session = find(reference, 'remove');
        if (!session.hasEnded)
          refuse('session.running', `Cannot remove session "${reference}": it is running`);
        sessions.all.splice(sessions.all.indexOf(session), 1);
        session.tell();
      }),
  };
}

function attachFake(session: FakeSession, request: GuestAttach, alive: AbortSignal): GuestAttachment {
  const { writer, from } = request;
  if (from !== undefined && 'stdout' in from && from.stdout > session.ends.stdout)
    refuse('session.rewound', `Cannot attach to session "${request.session}": it has not written as much as was read of it`);
  const news: SessionMessage[] = [];
  const closed = new AbortController();
  const say = (message: SessionMessage) => {
    news.push(message);
    session.tell();
  };
  const reader: FakeReader = { token: writer?.token, onReplaced: () => say({ kind: 'replaced' }) };
  if (writer !== undefined && session.takesInput) {
    const other = session.writer;
    if (other !== undefined && other.token !== writer.token && !writer.take)
      refuse('session.has_writer', `Cannot attach to session "${request.session}": another one is attached as its writer`);
    session.writer = reader;
    other?.onReplaced();
  }
  session.readers.add(reader);
  const position = { ...positionOf(session, request.from) };
  const close = () => {
    session.readers.delete(reader);
    if (session.writer === reader) session.writer = undefined;
    closed.abort(new Error('the attachment is over'));
  };
  alive.addEventListener('abort', close, { once: true });
  const isWriter = session.writer === reader;
  return {
    session: session.describe(),
    position: { ...position },
    inputTaken: writer === undefined ? 0 : session.takenOf(writer.token),
    isWriter,
    messages: messagesOf({ session, request, position, news, alive: AbortSignal.any([alive, closed.signal]) }),
    write(input) {
      if (session.writer !== reader) return Promise.resolve();
      if (!session.takesInput) say({ kind: 'refused' });
      else say({ kind: 'taken', offset: session.write(writer?.token ?? '', input) });
      return Promise.resolve();
    },
    resize: ({ rows, cols }) => session.resize(rows, cols),
    close,
  };
}

interface Following {
  readonly session: FakeSession;
  readonly request: GuestAttach;
  readonly position: { stdout: number; stderr: number };
  readonly news: SessionMessage[];
  readonly alive: AbortSignal;
}

async function* messagesOf({ session, request, position, news, alive }: Following): AsyncGenerator<SessionMessage, void> {
  for (;;) {
    alive.throwIfAborted();
    const { changed } = session;
    const told = news.shift();
    const next = told === undefined ? session.next(position, request.only) : undefined;
    if (told !== undefined) yield told;
    else if (next?.bytes !== undefined) {
      position[next.stream] = next.start + next.bytes.length;
      yield { kind: 'output', stream: next.stream, offset: next.start, bytes: next.bytes };
    } else if (next !== undefined) {
      position[next.stream] = next.end;
      yield { kind: 'lost', lost: next };
    } else if (session.hasEnded || !request.follow) {
      yield { kind: session.hasEnded ? 'ended' : 'caught-up', session: session.describe() };
      return;
    } else await orAbort(changed, alive);
  }
}

/** Lines are counted in stdout alone: what commands of a fake guest write there is short. */
function positionOf(session: FakeSession, from: GuestAttach['from']) {
  if (from !== undefined && 'stdout' in from) return from;
  if (from === undefined) return session.starts;
  const { ends } = session;
  const first = session.next(session.starts, 'stdout');
  if (first?.bytes === undefined) return ends;
  const lines = Buffer.from(first.bytes).toString().split(/(?<=\n)/);
  const wanted = lines.slice(Math.max(0, lines.length - from.tailLines)).join('');
  return { ...ends, stdout: ends.stdout - wanted.length };
}

function refuse(code: ErrorCode, message: string): never {
  throw new BangerError(code, message);
}
