import type { TerminalSize } from '@banger/protocol/exec';
import type { LostOutput, OutputPosition, OutputStream, Session } from '@banger/protocol/session';

import type { CallOptions } from './call-options.ts';
import type { Sink, Source } from './exec-options.ts';

/** How a session is started. */
export interface StartSessionOptions extends CallOptions {
  /** 1 to 63 of a-z, 0-9 and "-"; default: made up. One that has ended is replaced. */
  readonly name?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly user?: string | undefined;
  /** As for `exec` */
  readonly entrypoint?: boolean | readonly string[] | undefined;
  /** Whether it takes input; without, its stdin is empty. A terminal always takes some */
  readonly stdin?: boolean | undefined;
  readonly terminal?: { readonly size: TerminalSize; readonly term?: string } | undefined;
  /** Must be in the guest's PATH, or nothing is started */
  readonly requiredCommands?: readonly string[] | undefined;
  /** Of each output; default: 8 MiB */
  readonly keepBytes?: number | undefined;
}

/** How output is read. */
export interface ReadSessionOptions {
  /** Where to go on; default: with the oldest byte that is kept */
  readonly from?: OutputPosition | undefined;
  /** Instead: the last lines; 0 is what comes from now on */
  readonly tail?: number | undefined;
  readonly only?: OutputStream | undefined;
  /** Default: until the session has ended */
  readonly follow?: boolean | undefined;
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
  /** Bytes that were written and cannot be read any more: too old, or not stored by the guest */
  readonly onLost?: ((lost: LostOutput) => void) | undefined;
  /** The connection was lost for this reason, and is tried again */
  readonly onRetry?: ((reason: Error) => void) | undefined;
  /** Given up when it is not there again after this long; default: 60 s */
  readonly retryMs?: number | undefined;
  /** Detaches; the session goes on */
  readonly signal?: AbortSignal | undefined;
}

/** How a session is attached to. */
export interface AttachOptions extends ReadSessionOptions {
  /** Be the one that writes: refused while another one is attached as that */
  readonly write?: boolean | undefined;
  /** Take that role from whoever has it */
  readonly take?: boolean | undefined;
  /** With `write`. Its end closes the program's stdin; failing or stopping to attach does not */
  readonly stdin?: Source | undefined;
  /** Another one took the role of the writer: nothing of `stdin` is taken any more */
  readonly onReplaced?: (() => void) | undefined;
  /** Attached, for the first time or again */
  readonly onAttached?: ((session: Session) => void) | undefined;
}

/** How an attachment ended: with the session, with what there was (not following), or by `detach`. */
export interface AttachmentEnd {
  readonly kind: 'ended' | 'caught-up' | 'detached';
  /** The last that was heard of it */
  readonly session: Session;
  /** How far its output was read */
  readonly position: OutputPosition;
}

/** One client at a session. Disposing it detaches; the session goes on. */
export interface SessionAttachment extends AsyncDisposable {
  /** As it was when it was attached to first */
  readonly session: Session;
  readonly isWriter: boolean;
  /**
   * How it ended. Rejects when the session cannot be followed any more: its VM was stopped, the connection was lost
   * for too long, or the signal aborted (with its reason).
   */
  readonly end: Promise<AttachmentEnd>;
  /** Of the writer's terminal */
  resize(size: TerminalSize): void;
  detach(): void;
}
