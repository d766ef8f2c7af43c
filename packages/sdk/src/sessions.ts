import { api } from '@banger/protocol/api';
import type { Session } from '@banger/protocol/session';

import { attachSession } from './attach-session.ts';
import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import type { Source } from './exec-options.ts';
import { signalNumber } from './exec-outcome.ts';
import { pieces } from './pump-stdin.ts';
import { entrypointTo } from './spawn-command.ts';
import type {
  AttachmentEnd,
  AttachOptions,
  ReadSessionOptions,
  SessionAttachment,
  StartSessionOptions,
} from './session-options.ts';

/** How input is sent without being attached. */
export interface SendOptions extends CallOptions {
  /** Then close the program's stdin (on a terminal: `^D`) */
  readonly eof?: boolean | undefined;
}

/**
 * Commands with a name in one VM. They outlive this program, the daemon and a suspension of the VM, and keep what they
 * write. `session` is a name or an id.
 */
export interface Sessions {
  start(argv: readonly string[], options?: StartSessionOptions): Promise<Session>;
  /** Oldest first; the ended ones, too. */
  list(options?: CallOptions): Promise<readonly Session[]>;
  show(session: string, options?: CallOptions): Promise<Session>;
  attach(session: string, options?: AttachOptions): Promise<SessionAttachment>;
  /** Reads to the end of the session, or with `follow: false` what there is; resolves when that is done. */
  read(session: string, options?: ReadSessionOptions): Promise<AttachmentEnd>;
  /** Resolves when the program has taken all of it, whoever else writes. */
  send(session: string, input: Source, options?: SendOptions): Promise<void>;
  /** To the process group. */
  kill(session: string, signal?: number | NodeJS.Signals, options?: CallOptions): Promise<void>;
  /** SIGTERM, or the image's stop signal to its entrypoint, and SIGKILL to what is left after the time (default: 10 s). */
  stop(
    session: string,
    options?: CallOptions & { readonly timeoutMs?: number | undefined },
  ): Promise<Session>;
  /** Forgets an ended one and its output. */
  remove(session: string, options?: CallOptions): Promise<void>;
}

export function createSessions(caller: Caller, vm: string): Sessions {
  const { call } = caller;
  return {
    async start(argv, { signal, env, entrypoint, requiredCommands, ...rest } = {}) {
      const input = {
        ...rest,
        argv: [...argv],
        entrypoint: entrypointTo(entrypoint),
        env: { ...env },
        requiredCommands: [...(requiredCommands ?? [])],
      };
      return call(api.startSession, { vm, ...input }, { signal });
    },
    list: (options = {}) => call(api.listSessions, { vm }, options),
    show: (session, options = {}) => call(api.showSession, { vm, session }, options),
    attach: (session, options = {}) => attachSession(caller, { vm, session }, options),
    async read(session, options = {}) {
      await using attachment = await attachSession(caller, { vm, session }, options);
      return await attachment.end;
    },
    send: (session, input, options = {}) => sendInput(caller, { vm, session, input }, options),
    async kill(session, signal = 'SIGKILL', options = {}) {
      await call(api.signalSession, { vm, session, signal: signalNumber(signal) }, options);
    },
    stop: (session, { timeoutMs, ...options } = {}) =>
      call(api.stopSession, { vm, session, timeoutMs }, options),
    async remove(session, options = {}) {
      await call(api.removeSession, { vm, session }, options);
    },
  };
}

interface Sending {
  readonly vm: string;
  readonly session: string;
  readonly input: Source;
}

/** In pieces under one token, so that a piece may be sent again when its answer got lost. */
async function sendInput(
  { call }: Caller,
  { vm, session, input }: Sending,
  { eof = false, ...options }: SendOptions,
): Promise<void> {
  const token = crypto.randomUUID();
  let offset = 0;
  const send = async (bytes: Uint8Array, isLast: boolean) => {
    const data = Buffer.from(bytes).toString('base64');
    await call(api.sendToSession, { vm, session, token, offset, data, eof: isLast }, options);
    offset += bytes.length;
  };
  for await (const piece of pieces(input)) await send(piece, false);
  if (eof) await send(new Uint8Array(), true);
}
