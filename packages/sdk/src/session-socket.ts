import { SessionNotice, type AttachQuery, type OutputStream } from '@banger/protocol/session';
import {
  inputFrame,
  readSessionFrame,
  resizeFrame,
  SESSION_SUBPROTOCOL,
} from '@banger/protocol/session-frames';
import type { TerminalSize } from '@banger/protocol/exec';
import { fillPath, streams } from '@banger/protocol/streams';

import { withQuery } from './build-request.ts';
import type { Caller } from './caller.ts';
import { checkShape } from './check-answer.ts';
import type { InputPiece } from './sent-input.ts';
import type { MessageSocket } from './transport.ts';

export type SessionMessage =
  | {
      readonly kind: 'output';
      readonly stream: OutputStream;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | SessionNotice;

export interface SessionPlace {
  readonly vm: string;
  readonly session: string;
}

/** One connection to one session. */
export interface SessionSocket extends Disposable {
  /** In order; ends when the connection does, however that is */
  readonly messages: AsyncIterable<SessionMessage>;
  /** Why it ended, if that is known */
  readonly closed: Promise<Error | undefined>;
  send(piece: InputPiece): Promise<void>;
  resize(size: TerminalSize): void;
}

/** Messages that wait here before the daemon is made to wait */
const HIGH_WATER_MESSAGES = 16;

/** Resolves when attached; a refusal is the error that the daemon answered with. */
export async function openSession(
  caller: Caller,
  { vm, session }: SessionPlace,
  { query, signal }: { readonly query: Partial<AttachQuery>; readonly signal: AbortSignal },
): Promise<SessionSocket> {
  const inbox = new Inbox();
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
  const socket = await caller.transport.openSocket(
    {
      path: withQuery(fillPath(streams.sessionAttach, { vm, session }), texts),
      protocol: SESSION_SUBPROTOCOL,
      headers: caller.headers(),
      onMessage: (message) => inbox.put(message),
    },
    signal,
  );
  inbox.attach(socket);
  return {
    messages: inbox.read(),
    closed: socket.closed,
    send: ({ offset, bytes, isLast }) => socket.send(inputFrame({ offset, bytes }, isLast)),
    resize: (size) => void socket.send(resizeFrame(size)).catch(() => undefined),
    [Symbol.dispose]: () => socket.close(),
  };
}

/** Messages between the socket and their reader. */
class Inbox {
  readonly #waiting: Uint8Array[] = [];
  #socket: MessageSocket | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  attach(socket: MessageSocket): void {
    this.#socket = socket;
    void socket.closed.then(() => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  put(message: Uint8Array): void {
    this.#waiting.push(message);
    if (this.#waiting.length > HIGH_WATER_MESSAGES) this.#socket?.pause();
    this.#wake?.();
  }

  async *read(): AsyncGenerator<SessionMessage, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) yield read(message);
      else if (this.#isClosed) return;
      else {
        this.#socket?.resume();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function read(message: Uint8Array): SessionMessage {
  const frame = readSessionFrame(message);
  if (frame?.kind === 'output') return frame;
  return checkShape(SessionNotice, frame?.kind === 'notice' ? frame.json : undefined, 'a session');
}
