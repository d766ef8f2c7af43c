import { BangerError, toBangerError } from '@banger/protocol/errors';

import type { GuestSessions, GuestSessionStart } from '../guest/guest-sessions.ts';
import { imageCommand } from '../machine/image-command.ts';
import { noShell } from './explain-no-shell.ts';
import type { GuestOf } from './guest-of.ts';
import type { Handlers } from './handler-table.ts';
import { makeUpName } from './make-up-name.ts';
import { inVm } from './session-hints.ts';

export interface SessionHandlerDeps {
  readonly machines: GuestOf;
}

type SessionRoute =
  | 'startSession'
  | 'listSessions'
  | 'showSession'
  | 'sendToSession'
  | 'signalSession'
  | 'stopSession'
  | 'removeSession';

/** Nothing is remembered here: the guest has it all. */
export function sessionHandlers({ machines }: SessionHandlerDeps): Pick<Handlers, SessionRoute> {
  const inGuest = <T>(
    reference: string,
    signal: AbortSignal,
    work: (sessions: GuestSessions) => Promise<T>,
  ) => {
    const vm = machines.find(reference);
    return inVm(vm, async () => work((await vm.guest(signal)).sessions));
  };
  return {
    startSession: ({ vm, entrypoint, ...request }, { signal }) => {
      const { record } = machines.find(vm);
      const { isShell, ...command } = imageCommand(record, { ...request, entrypoint });
      return inGuest(vm, signal, (sessions) =>
        start(sessions, { ...request, ...command, argv: [...command.argv] }, signal).catch(
          (error: unknown) => {
            throw noShell(toBangerError(error), { isShell }, record) ?? error;
          },
        ),
      );
    },
    listSessions: ({ vm }, { signal }) =>
      inGuest(vm, signal, async (sessions) => [...(await sessions.list(signal))]),
    showSession: ({ vm, session }, { signal }) =>
      inGuest(vm, signal, (sessions) => sessions.get(session, signal)),
    sendToSession: ({ vm, session, data, ...input }, { signal }) =>
      inGuest(vm, signal, async (sessions) => {
        const bytes = Buffer.from(data, 'base64');
        return { taken: await sessions.write(session, { ...input, bytes }, signal) };
      }),
    signalSession: ({ vm, session, signal: number }, { signal }) =>
      inGuest(vm, signal, async (sessions) => {
        await sessions.signal(session, number, signal);
        return {};
      }),
    stopSession: ({ vm, session, timeoutMs }, { signal }) =>
      inGuest(vm, signal, (sessions) => sessions.stop(session, timeoutMs, signal)),
    removeSession: ({ vm, session }, { signal }) =>
      inGuest(vm, signal, async (sessions) => {
        await sessions.remove(session, signal);
        return {};
      }),
  };
}

type Unnamed = Omit<GuestSessionStart, 'name'> & { readonly name?: string | undefined };

/** Made-up names are many, and may still be given. */
const ATTEMPTS = 20;

async function start(sessions: GuestSessions, { name, ...request }: Unnamed, signal: AbortSignal) {
  if (name !== undefined) return sessions.start({ ...request, name }, signal);
  const taken = new Set((await sessions.list(signal)).map((session) => session.name));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const made = makeUpName();
    if (!taken.has(made)) return sessions.start({ ...request, name: made }, signal);
  }
  throw new BangerError(
    'session.name_taken',
    'Cannot make up a name for the session: all are taken',
  );
}
