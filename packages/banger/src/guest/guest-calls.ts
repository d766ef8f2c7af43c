import type { Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { explainCall } from './call-errors.ts';
import { AUTHORITY, type Conversation } from './conversation.ts';

/** One message; file contents and output come in many. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** An emulated guest on a busy host may take its time; a dead one is noticed by keepalives anyway. */
export const ANSWER_MS = 20_000;

export interface CallLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** How every service of the agent is called over one conversation. */
export class GuestCalls {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly #conversation: Conversation;

  constructor(conversation: Conversation, clock: Clock) {
    this.#conversation = conversation;
    this.clock = clock;
    this.transport = createConnectTransport({
      baseUrl: AUTHORITY,
      httpVersion: '2',
      sessionManager: conversation,
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
      acceptCompression: [],
    });
  }

  /** Aborts when the conversation is lost */
  get lost(): AbortSignal {
    return this.#conversation.lost;
  }

  /** One answer, within `timeoutMs`. `verb` is for messages: "boot". */
  call<T>(
    verb: string,
    { signal, timeoutMs }: CallLimits,
    run: (options: CallLimits) => Promise<T>,
  ): Promise<T> {
    return this.stream(verb, signal, (alive) => orAbort(run({ signal: alive, timeoutMs }), alive));
  }

  /** Work without a deadline of its own; `alive` aborts with the caller's signal and with the conversation. */
  async stream<T>(
    verb: string,
    signal: AbortSignal,
    run: (alive: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const alive = AbortSignal.any([signal, this.lost]);
    try {
      alive.throwIfAborted();
      return await run(alive);
    } catch (error) {
      throw this.explain(error, verb, signal);
    }
  }

  /** What a failed call was. An agent that broke the protocol once is not believed again. */
  explain(error: unknown, verb: string, signal: AbortSignal): unknown {
    const explained = explainCall(error, { verb, signal, lost: this.lost });
    if (explained instanceof BangerError && explained.code === 'guest.protocol')
      this.#conversation.lose(explained);
    return explained;
  }
}
