import { BangerError } from '@banger/protocol/errors';
import type { TerminalSize } from '@banger/protocol/exec';
import type { AttachQuery, OutputPosition, Session } from '@banger/protocol/session';
import { fromWireError } from '@banger/protocol/wire-error';

import { signalOf } from './call-options.ts';
import type { Caller } from './caller.ts';
import { writeTo } from './exec-options.ts';
import { Retries } from './retries.ts';
import { pumpInput } from './pump-input.ts';
import { SentInput } from './sent-input.ts';
import type { AttachmentEnd, AttachOptions, SessionAttachment } from './session-options.ts';
import {
  openSession,
  type SessionMessage,
  type SessionPlace,
  type SessionSocket,
} from './session-socket.ts';

/**
 * Attaches to a session; resolves when it is. A connection that is lost later is made again, by itself, and goes on with
 * the next byte of output and of input: none is missing, none comes twice.
 */
export async function attachSession(
  everyCall: Caller,
  place: SessionPlace,
  options: AttachOptions,
): Promise<SessionAttachment> {
  const attachment = new Attachment(everyCall.inOneOperation(), place, options);
  await attachment.begin();
  return attachment;
}

class Attachment implements SessionAttachment {
  readonly end: Promise<AttachmentEnd>;
  readonly #settled = Promise.withResolvers<AttachmentEnd>();
  readonly #caller: Caller;
  readonly #place: SessionPlace;
  readonly #options: AttachOptions;
  readonly #input = new SentInput();
  readonly #detached = new AbortController();
  readonly #until: AbortSignal;
  readonly #token = crypto.randomUUID();
  #socket: SessionSocket | undefined;
  #session: Session | undefined;
  #position: { stdout: number; stderr: number } | undefined;
  #isWriter = false;
  #size: TerminalSize | undefined;

  constructor(caller: Caller, place: SessionPlace, options: AttachOptions) {
    this.#caller = caller;
    this.#place = place;
    this.#options = options;
    this.#until = AbortSignal.any([signalOf(options), this.#detached.signal]);
    this.end = this.#settled.promise;
    this.end.catch(() => undefined); // Whoever awaits it hears of it; nobody has to.
  }

  get session(): Session {
    if (this.#session === undefined) throw new Error('not attached yet');
    return this.#session;
  }

  get isWriter(): boolean {
    return this.#isWriter;
  }

  /** Resolves when attached for the first time: what fails until then is not tried again. */
  async begin(): Promise<void> {
    const messages = await this.#connect();
    void this.#follow(messages).then(this.#settled.resolve, this.#settled.reject);
    if (this.#options.write === true)
      void pumpInput(this.#options.stdin, this.#input, (piece) => this.#socket?.send(piece));
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#socket?.resize(size);
  }

  detach(): void {
    this.#detached.abort(new Error('detached'));
    this.#socket?.[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.detach();
    await this.end.catch(() => undefined);
  }

  async #follow(first: AsyncIterator<SessionMessage>): Promise<AttachmentEnd> {
    const stop = () => this.#socket?.[Symbol.dispose]();
    this.#until.addEventListener('abort', stop, { once: true });
    if (this.#until.aborted) stop();
    const retries = new Retries(this.#options.retryMs);
    let messages: AsyncIterator<SessionMessage> | undefined = first;
    try {
      for (;;) {
        try {
          messages ??= await this.#connect();
          retries.succeeded();
          return await this.#read(messages);
        } catch (error) {
          if (this.#detached.signal.aborted) return this.#ended('detached');
          this.#until.throwIfAborted();
          messages = undefined;
          if (this.#isOusted(error)) continue;
          const reason = await retries.wait(error, this.#until);
          this.#options.onRetry?.(reason);
        }
      }
    } finally {
      this.#until.removeEventListener('abort', stop);
      this.#input.end();
      stop();
    }
  }

  /** Somebody else became the writer while we were away: from here on we read. */
  #isOusted(error: unknown): boolean {
    if (!(error instanceof BangerError && error.code === 'session.has_writer')) return false;
    this.#replaced();
    return true;
  }

  #replaced(): void {
    this.#isWriter = false;
    this.#input.end();
    this.#options.onReplaced?.();
  }

  async #connect(): Promise<AsyncIterator<SessionMessage>> {
    const { vm, session } = this.#place;
    const reference = this.#session?.id ?? session;
    const socket = await openSession(
      this.#caller,
      { vm, session: reference },
      { query: this.#query(), signal: this.#until },
    );
    this.#socket = socket;
    if (this.#until.aborted) socket[Symbol.dispose]();
    const messages = socket.messages[Symbol.asyncIterator]();
    const { value: first } = (await messages.next()) as IteratorResult<SessionMessage, undefined>;
    if (first?.kind !== 'attached') throw await lost(socket);
    this.#position ??= { ...first.position };
    this.#session = first.session;
    this.#isWriter = first.isWriter;
    if (!first.isWriter) this.#input.end();
    this.#input.take(first.inputTaken);
    if (this.#size !== undefined) socket.resize(this.#size);
    for (const piece of this.#input.pending) void socket.send(piece).catch(() => undefined);
    this.#options.onAttached?.(first.session);
    return messages;
  }

  #query(): Partial<AttachQuery> {
    const { only, follow = true, write = false, take = false, from, tail } = this.#options;
    if (this.#position !== undefined) {
      // A second time the role is only taken back if nobody has it.
      const writer = this.#isWriter ? { writer: this.#token } : {};
      return { ...this.#position, only, follow, ...writer };
    }
    return { ...(from ?? { tail }), only, follow, ...(write && { writer: this.#token, take }) };
  }

  async #read(messages: AsyncIterator<SessionMessage>): Promise<AttachmentEnd> {
    for (;;) {
      const next = await messages.next();
      if (next.done === true) throw await lost(this.#socket);
      const message = next.value;
      if (message.kind === 'ended' || message.kind === 'caught-up') {
        this.#session = message.session;
        return this.#ended(message.kind);
      }
      await this.#take(message);
    }
  }

  async #take(message: SessionMessage): Promise<void> {
    const position = this.#position;
    switch (message.kind) {
      case 'output':
        if (position !== undefined)
          position[message.stream] = message.offset + message.bytes.length;
        await writeTo(this.#options[message.stream], message.bytes);
        return;
      case 'lost':
        if (position !== undefined) position[message.lost.stream] = message.lost.end;
        this.#options.onLost?.(message.lost);
        return;
      case 'taken':
        this.#input.take(message.offset);
        return;
      case 'replaced':
        this.#replaced();
        return;
      case 'refused':
        this.#input.end();
        return;
      case 'failed':
        throw fromWireError(message.error);
      case 'attached':
      case 'ended':
      case 'caught-up':
        return;
    }
  }

  #ended(kind: AttachmentEnd['kind']): AttachmentEnd {
    const position: OutputPosition = { stdout: 0, stderr: 0, ...this.#position };
    return { kind, session: this.session, position };
  }
}

async function lost(socket: SessionSocket | undefined): Promise<BangerError> {
  return new BangerError(
    'daemon.unreachable',
    'Cannot follow the session: the daemon closed the connection',
    { cause: await socket?.closed, hint: 'banger daemon logs', details: { reason: 'lost' } },
  );
}
