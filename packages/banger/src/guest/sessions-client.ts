import { createClient } from '@connectrpc/connect';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import { attachInGuest } from './attach-in-guest.ts';
import { failureOf } from './exec-answers.ts';
import { startOf } from './exec-requests.ts';
import {
  SessionsService,
  type StartSessionResponse,
} from './generated/banger/guest/v1/sessions_pb.ts';
import { ANSWER_MS, type GuestCalls } from './guest-calls.ts';
import { bounded, name } from './guest-messages.ts';
import type { GuestSessions, GuestSessionStart } from './guest-sessions.ts';
import { disorder, offsetFrom, sessionFrom, sessionsFrom } from './session-messages.ts';

/** To look for commands, find the program and fork */
const START_MS = 30_000;

/** What the agent's refusals are; others stay `guest.refused`. */
type Refusals = Readonly<Record<string, readonly [ErrorCode, fact: string]>>;

const attachRefusals: Refusals = {
  Aborted: ['session.has_writer', 'another one is attached as its writer'],
  InvalidArgument: ['session.rewound', 'it has not written as much as was read of it'],
};

/** The agent's `SessionsService`. */
export function createSessionsClient(calls: GuestCalls): GuestSessions {
  const client = createClient(SessionsService, calls.transport);
  const short = { timeoutMs: ANSWER_MS };
  return {
    start: (request, signal) =>
      told('start', request.name, { AlreadyExists: ['session.name_taken', 'a running one has the name'] }, () =>
        calls.call('start a session', { signal, timeoutMs: START_MS }, async (o) =>
          startedFrom(await client.startSession(startTo(request), o), request),
        ),
      ),
    list: (signal) =>
      calls.call('list its sessions', { signal, ...short }, async (o) =>
        sessionsFrom((await client.listSessions({}, o)).sessions),
      ),
    get: (session, signal) =>
      told('find', session, {}, () =>
        calls.call('show a session', { signal, ...short }, async (o) =>
          sessionFrom((await client.getSession({ session }, o)).session),
        ),
      ),
    attach: (request, signal) =>
      told('attach to', request.session, attachRefusals, () =>
        calls.stream('attach to a session', signal, (alive) => {
          const explain = (error: unknown) => calls.explain(error, 'go on with a session', signal);
          return attachInGuest({ client, alive, explain }, request);
        }),
      ),
    write: (session, { token, offset, bytes, eof }, signal) =>
      told('send to', session, { FailedPrecondition: ['session.no_input', 'it takes no input (any more)'] }, () =>
        calls.stream('give a session input', signal, async (alive) => {
          const input = { offset: BigInt(offset), bytes, eof };
          const answer = client.writeSession({ session, token, input }, { signal: alive });
          return offsetFrom((await orAbort(answer, alive)).inputTaken);
        }),
      ),
    signal: (session, number, signal) =>
      told('signal', session, { FailedPrecondition: ['session.ended', 'it has ended'] }, () =>
        calls.call('signal a session', { signal, ...short }, async (o) => {
          await client.signalSession({ session, signal: number }, o);
        }),
      ),
    stop: (session, graceMs, signal) =>
      told('stop', session, {}, () =>
        calls.call('stop a session', { signal, timeoutMs: graceMs + ANSWER_MS }, async (o) => {
          const graceNs = BigInt(graceMs) * 1_000_000n;
          return sessionFrom((await client.stopSession({ session, graceNs }, o)).session);
        }),
      ),
    remove: (session, signal) =>
      told('remove', session, { FailedPrecondition: ['session.running', 'it is running'] }, () =>
        calls.call('remove a session', { signal, ...short }, async (o) => {
          await client.removeSession({ session }, o);
        }),
      ),
  };
}

/** Says of which session the agent refused what. */
async function told<T>(
  verb: string,
  session: string,
  refusals: Refusals,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== 'guest.refused') throw error;
    const known: Refusals = { NotFound: ['session.not_found', 'there is none'], ...refusals };
    const [code, fact] = known[String(error.details['guestCode'])] ?? [];
    if (code === undefined) throw error;
    throw new BangerError(code, `Cannot ${verb} session "${session}": ${fact ?? ''}`, { cause: error });
  }
}

function startTo(request: GuestSessionStart) {
  const { name: sessionName, requiredCommands, keepBytes = 0, terminal, ...rest } = request;
  const size = terminal && { ...terminal.size, term: terminal.term };
  return {
    name: sessionName,
    command: startOf({ ...rest, terminal: size }),
    requiredCommands: [...requiredCommands],
    keepBytes: BigInt(keepBytes),
  };
}

function startedFrom({ kind }: StartSessionResponse, request: GuestSessionStart) {
  switch (kind.case) {
    case 'started':
      return sessionFrom(kind.value);
    case 'failure':
      throw failureOf(request, kind.value);
    case 'missing':
      throw missing(request.name, bounded(kind.value.names, 64).map((one) => name(one)));
    case undefined:
      throw disorder('the answer to a start is empty');
  }
}

function missing(session: string, names: readonly string[]): BangerError {
  const list = names.map((one) => `"${one}"`).join(', ');
  return new BangerError(
    'session.command_missing',
    `Cannot start session "${session}": the guest has no ${list} in its PATH`,
    {
      hint: `apt-get update && apt-get install --yes ${names.join(' ')}   # in the guest, if packages have them`,
      details: { missing: names },
    },
  );
}
