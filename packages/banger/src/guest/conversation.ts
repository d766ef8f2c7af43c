import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { keepAlive } from './keep-alive.ts';
import { Silence } from './silence.ts';

/** Never resolved: the bytes go over the one stream. */
export const AUTHORITY = 'http://guest';

/** What one stalled command may hold in memory, and all of them together */
const STREAM_WINDOW_BYTES = 2 * 1024 * 1024;
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024;
/** Of the guest's frames: each is a write to its port, which costs an exit of the emulator (docs/decisions/0017) */
const MAX_FRAME_BYTES = 256 * 1024;

/**
 * One HTTP/2 conversation with an agent, over a stream whose handshake is done. It ends once, with the first reason:
 * the stream closed, the agent said goodbye, sent what is not HTTP/2, left keepalives unanswered, or we hung up. Shaped
 * as connect-node's session manager, which then never opens a connection of its own.
 */
export class Conversation implements AsyncDisposable {
  readonly authority = AUTHORITY;
  readonly #session: ClientHttp2Session;
  readonly #stream: Duplex;
  readonly #lost = new AbortController();
  readonly #silence = new Silence();

  /** Owns the stream from the call on; resolves when the agent has spoken HTTP/2. */
  static async open(stream: Duplex, clock: Clock, signal: AbortSignal): Promise<Conversation> {
    await using cleanup = new AsyncDisposableStack();
    const conversation = cleanup.use(new Conversation(stream, clock));
    const { promise: spoken, resolve } = Promise.withResolvers<unknown>();
    conversation.#session.once('remoteSettings', resolve);
    await orAbort(spoken, AbortSignal.any([signal, conversation.lost]));
    cleanup.move(); // The caller owns it.
    return conversation;
  }

  private constructor(stream: Duplex, clock: Clock) {
    this.#stream = stream;
    const session = connect(AUTHORITY, {
      createConnection: () => stream,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxFrameSize: MAX_FRAME_BYTES,
      },
      maxReservedRemoteStreams: 0,
      maxSessionMemory: 64, // MiB; beyond the windows it is a bug or an attack.
    });
    this.#session = session;
    session.on('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
    session.on('goaway', () => this.lose(new BangerError('guest.unreachable', 'The guest agent ended the conversation')));
    session.on('error', (cause) => this.lose(brokenBy(cause)));
    session.on('close', () => this.lose(new BangerError('guest.unreachable', 'The channel to the guest agent was closed')));
    stream.on('error', () => undefined); // The session reports it too, and tells it from a bad frame.
    void keepAlive(session, { clock, silence: this.#silence, over: this.lost }).catch((reason: unknown) => this.lose(reason));
  }

  /** Aborts when it has ended, with a BangerError */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Until disposed, unanswered keepalives mean nothing. */
  expectSilence(): Disposable {
    return this.#silence.expect();
  }

  /**
   * Ends it where the agent has read everything that was ever written: it stands between two frames then, where it
   * answers the next greeting at once (docs/guest-protocol.md). No call may be under way.
   */
  async leave(signal: AbortSignal): Promise<void> {
    this.lost.throwIfAborted();
    const { promise: answered, resolve, reject } = Promise.withResolvers<undefined>();
    this.#session.ping((error) => {
      if (error === null) resolve(undefined);
      else reject(error);
    });
    await orAbort(answered, AbortSignal.any([signal, this.lost]));
    this.lose(hungUp());
  }

  /** For whoever finds that the agent cannot be trusted to speak the protocol, too. Only the first reason counts. */
  lose(reason: unknown): void {
    if (this.lost.aborted) return;
    this.#lost.abort(reason);
    this.#session.destroy();
    this.#stream.destroy();
  }

  request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
  ): Promise<ClientHttp2Stream> {
    this.lost.throwIfAborted();
    return Promise.resolve(this.#session.request({ ...headers, ':method': method, ':path': path }));
  }

  /** Keepalives run whether or not data flows. */
  notifyResponseByteRead(): void {
    return;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lose(hungUp());
    if (this.#stream.closed) return;
    await new Promise((resolve) => this.#stream.once('close', resolve));
  }
}

function hungUp(): BangerError {
  return new BangerError('guest.unreachable', 'The conversation with the guest agent was ended');
}

function brokenBy(cause: unknown): BangerError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code.startsWith('ERR_HTTP2')) {
    return new BangerError('guest.protocol', 'The guest agent sent something that is not HTTP/2', {
      cause,
    });
  }
  return new BangerError('guest.unreachable', 'The channel to the guest agent broke', { cause });
}
