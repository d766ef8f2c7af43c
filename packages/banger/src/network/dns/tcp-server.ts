import type { Duplex } from 'node:stream';

import type { HostPort } from '@banger/protocol/host-port';

import type { Clock } from '../../host/clock.ts';
import type { HostConnection, Listener, Listeners } from '../../host/listeners.ts';
import { answerQuery } from './answer-query.ts';
import type { AddressBook } from './zone.ts';

const MAX_CONNECTIONS = 64;
/** From one question to the next, and from the first byte of one to its last */
const PATIENCE_MS = 10_000;
/** RFC 1035, section 4.2.2: two bytes of length before each message */
const LENGTH_BYTES = 2;
const MAX_MESSAGE_BYTES = 65_535;
/** No question is near it. */
const MAX_QUESTION_BYTES = 4096;

export interface TcpParts {
  readonly listeners: Listeners;
  readonly clock: Clock;
  readonly addressOf: AddressBook;
}

/** Answers DNS over TCP. Rejects as `Listeners.listen` does; disposing ends the connections, too. */
export async function serveTcp(at: HostPort, parts: TcpParts): Promise<Listener> {
  const open = new Set<HostConnection>();
  const listener = await parts.listeners.listen(at, (connection) => {
    const { stream, reset } = connection;
    if (open.size >= MAX_CONNECTIONS) {
      reset();
      return;
    }
    open.add(connection);
    stream.once('close', () => open.delete(connection));
    // A client that goes away, or sends what is no question, has lost its connection and nothing else.
    void converse(stream, parts)
      .catch(() => undefined)
      .finally(() => stream.destroy());
  });
  return {
    at: listener.at,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      for (const { reset } of open) reset();
    },
  };
}

/** Question, answer, question, answer. A question is read when the answer before it was taken. */
async function converse(stream: Duplex, { clock, addressOf }: TcpParts): Promise<void> {
  let unread = Buffer.alloc(0);
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  for (;;) {
    using patience = deadline(stream, clock);
    for (let whole = isWhole(unread); !whole; whole = isWhole(unread)) {
      const chunk = await chunks.next();
      if (chunk.done === true) return;
      unread = Buffer.concat([unread, chunk.value]);
    }
    const length = unread.readUInt16BE(0);
    const answer = answerQuery(unread.subarray(LENGTH_BYTES, LENGTH_BYTES + length), {
      addressOf,
      maxBytes: MAX_MESSAGE_BYTES,
    });
    if (answer === undefined) return;
    unread = unread.subarray(LENGTH_BYTES + length);
    await write(stream, framed(answer));
    patience.met();
  }
}

function isWhole(unread: Buffer): boolean {
  if (unread.length < LENGTH_BYTES) return false;
  const length = unread.readUInt16BE(0);
  if (length > MAX_QUESTION_BYTES) throw new Error('a question of that length is none');
  return unread.length >= LENGTH_BYTES + length;
}

function framed(answer: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(answer.length);
  return Buffer.concat([length, answer]);
}

function write(stream: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Ends the stream unless it is met in time. */
function deadline(stream: Duplex, clock: Clock): Disposable & { readonly met: () => void } {
  const over = new AbortController();
  const met = () => over.abort();
  clock.wait(PATIENCE_MS, over.signal).then(
    () => stream.destroy(),
    () => undefined,
  );
  return { met, [Symbol.dispose]: met };
}
