import { Duplex } from 'node:stream';

import type { MessageInitShape } from '@bufbuild/protobuf';

import { BangerError } from '@banger/protocol/errors';

import type { DialRequestSchema, DialResponse } from './generated/banger/guest/v1/network_pb.ts';
import type { Outbox } from './outbox.ts';

export type DialMessage = MessageInitShape<typeof DialRequestSchema>;

/** Larger chunks gain nothing. */
const CHUNK_BYTES = 64 * 1024;
const READ_AHEAD_BYTES = 256 * 1024;

export interface DialedParts {
  readonly outbox: Outbox<DialMessage>;
  /** After `connected` */
  readonly responses: AsyncIterator<DialResponse>;
  /** Aborted when nothing of the call is wanted any more */
  readonly over: AbortController;
  /** What the end of the call with an error means */
  readonly explain: (error: unknown) => unknown;
  /** Aborts when the guest is lost */
  readonly lost: AbortSignal;
}

/** The agent ends its side of a call that is over in good order at once; one that does not is cut off after this long. */
const ENDING_MS = 30_000;

/** One connection in the guest. Its two directions end separately. */
export class DialedStream extends Duplex {
  readonly #parts: DialedParts;
  #isReading = false;

  constructor(parts: DialedParts) {
    super({ readableHighWaterMark: READ_AHEAD_BYTES, writableHighWaterMark: READ_AHEAD_BYTES });
    this.#parts = parts;
    parts.lost.addEventListener('abort', this.#onLost, { once: true });
    if (parts.lost.aborted) this.#onLost();
  }

  readonly #onLost = () => {
    this.destroy(asError(this.#parts.lost.reason));
  };

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#pump().then(
      () => (this.#isReading = false),
      (error: unknown) => this.destroy(asError(this.#parts.explain(error))),
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#parts.outbox.put({ kind: { case: 'eof', value: {} } }).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { outbox, over, lost } = this.#parts;
    lost.removeEventListener('abort', this.#onLost);
    outbox.close();
    // Cutting it off now could overtake the last bytes.
    if (error === null && this.writableFinished && this.readableEnded)
      AbortSignal.timeout(ENDING_MS).addEventListener('abort', ({ target }) => over.abort(target));
    else over.abort(error ?? new Error('the connection was closed'));
    done(error);
  }

  async #send(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      const value = chunk.subarray(at, at + CHUNK_BYTES);
      await this.#parts.outbox.put({ kind: { case: 'data', value } });
    }
  }

  /** Until the reader has enough, or nothing more comes. */
  async #pump(): Promise<void> {
    for (;;) {
      const next = await this.#parts.responses.next();
      if (next.done === true) throw dialDisorder('it ended in the middle');
      const { kind } = next.value;
      switch (kind.case) {
        case 'data':
          if (kind.value.length > 0 && !this.push(kind.value)) return;
          break;
        case 'eof':
          this.push(null);
          this.#watchForReset();
          return;
        case 'failure':
          throw brokenConnection(kind.value.message);
        case 'connected':
        case undefined:
          throw dialDisorder('a message is out of order');
      }
    }
  }

  /** The guest has said everything; what may still come is that it hears no more. What was read before is kept. */
  #watchForReset(): void {
    this.#parts.responses.next().then(
      (next) => {
        if (next.done === true || next.value.kind.case !== 'failure') return;
        const error = brokenConnection(next.value.kind.value.message);
        if (this.readableEnded) this.destroy(error);
        else this.once('end', () => this.destroy(error));
      },
      (error: unknown) => this.destroy(asError(this.#parts.explain(error))),
    );
  }
}

export function brokenConnection(fact: string): BangerError {
  const said = fact.slice(0, 1024).replaceAll(/\p{Cc}/gu, ' ');
  return new BangerError('guest.connection_lost', `The connection in the guest broke: ${said}`);
}

export function dialDisorder(fact: string): BangerError {
  return new BangerError(
    'guest.protocol',
    `The guest agent broke the protocol of a connection: ${fact}`,
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
