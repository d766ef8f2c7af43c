import type { TerminalSize } from '@banger/protocol/exec';
import type {
  LostOutput,
  OutputPosition,
  OutputStream,
  Session,
  StartSessionRequest,
} from '@banger/protocol/session';

import type { FromImage } from './from-image.ts';

/**
 * Sessions in a guest: commands with a name whose output the guest keeps. Nothing of them is kept here: they outlive
 * every connection. A session is named by its name or id; `session.not_found` when there is none.
 */
export interface GuestSessions {
  /** Rejects with `session.name_taken`, `session.command_missing` and what a command can be refused with. */
  start(request: GuestSessionStart, signal: AbortSignal): Promise<Session>;
  list(signal: AbortSignal): Promise<readonly Session[]>;
  get(session: string, signal: AbortSignal): Promise<Session>;
  /** Resolves when attached; `session.has_writer` when another one is the writer. `signal` ends the attachment, too. */
  attach(request: GuestAttach, signal: AbortSignal): Promise<GuestAttachment>;
  /** Resolves with what is taken of the token's input, when all of it is. `session.no_input` when it takes none. */
  write(session: string, input: GuestInput & { readonly token: string }, signal: AbortSignal): Promise<number>;
  /** To the process group. `session.ended` when it has. */
  signal(session: string, number: number, signal: AbortSignal): Promise<void>;
  /** Asks it to end, by its stop signal if it has one, kills it after the grace time; resolves when it has ended. One that has is fine. */
  stop(session: string, graceMs: number, signal: AbortSignal): Promise<Session>;
  /** `session.running` while it runs */
  remove(session: string, signal: AbortSignal): Promise<void>;
}

export type GuestSessionStart = Omit<StartSessionRequest, 'entrypoint'> &
  FromImage & { readonly name: string };

export interface GuestAttach {
  readonly session: string;
  /** Where to begin to read, or how many of the last lines; left out: with the oldest byte that is kept */
  readonly from?: OutputPosition | { readonly tailLines: number } | undefined;
  readonly only?: OutputStream | undefined;
  /** Go on until the session has ended */
  readonly follow: boolean;
  /** Be the writer, under this token */
  readonly writer?: { readonly token: string; readonly take: boolean } | undefined;
}

/** A piece of input at its offset in all that was sent under its token. What was taken before is skipped. */
export interface GuestInput {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly eof: boolean;
}

/** One reader of a session, perhaps its writer. Whoever made it closes it. */
export interface GuestAttachment {
  readonly session: Session;
  readonly position: OutputPosition;
  readonly inputTaken: number;
  readonly isWriter: boolean;
  /**
   * Once. In order, and no more of it is asked for than was taken; ends after `ended` or `caught-up`. Throws when the
   * guest is lost.
   */
  readonly messages: AsyncIterable<SessionMessage>;
  /** Resolves when it is on its way; what is taken of it is told by messages. */
  write(input: GuestInput): Promise<void>;
  resize(size: TerminalSize): void;
  /** The session goes on. May be repeated. */
  close(): void;
}

export type SessionMessage =
  | {
      readonly kind: 'output';
      readonly stream: OutputStream;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'lost'; readonly lost: LostOutput }
  | { readonly kind: 'taken'; readonly offset: number }
  | { readonly kind: 'replaced' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'ended' | 'caught-up'; readonly session: Session };
