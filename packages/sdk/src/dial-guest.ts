import { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';
import { fillPath, STREAM_SUBPROTOCOL, streams } from '@banger/protocol/streams';

import { signalOf, type CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import type { MessageSocket } from './transport.ts';

/** What to connect to in a guest: a TCP port of its loopback, or a unix socket by its absolute path. */
export type GuestPlace = number | string;

/** A daemon takes messages of up to 1 MiB. */
const MESSAGE_BYTES = 256 * 1024;

/**
 * Connects to what listens in a guest. Ending the stream is a half-close, destroying it resets the connection; it is
 * destroyed with an error when the connection breaks. Rejects with `guest.port_closed` when nobody listens there.
 */
export async function dialGuest(
  everyCall: Caller,
  { vm, place }: { readonly vm: string; readonly place: GuestPlace },
  options: CallOptions,
): Promise<Duplex> {
  const caller = everyCall.inOneOperation();
  const query = typeof place === 'number' ? { port: String(place) } : { unix: place };
  const path = `${fillPath(streams.dial, { vm })}?${new URLSearchParams(query).toString()}`;
  const early: Uint8Array[] = [];
  let receive = (message: Uint8Array): void => void early.push(message);
  const socket = await caller.transport.openSocket(
    {
      path,
      protocol: STREAM_SUBPROTOCOL,
      headers: caller.headers(),
      onMessage: (message) => receive(message),
    },
    signalOf(options),
  );
  const stream = new SocketStream(socket);
  receive = (message) => stream.receive(message);
  for (const message of early) receive(message);
  return stream;
}

/** One WebSocket of `STREAM_SUBPROTOCOL` as a stream. */
class SocketStream extends Duplex {
  readonly #socket: MessageSocket;

  constructor(socket: MessageSocket) {
    super();
    this.#socket = socket;
    void socket.closed.then((error) => {
      if (this.writableFinished && this.readableEnded) return;
      this.destroy(error ?? lost());
    });
  }

  receive(message: Uint8Array): void {
    if (message.length === 0) this.push(null);
    else if (!this.push(message)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.send(new Uint8Array()).then(() => done(), done);
  }

  /** One that has ended both ways is closed by the daemon. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null || !this.writableFinished || !this.readableEnded) this.#socket.close();
    done(error);
  }

  async #send(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += MESSAGE_BYTES)
      await this.#socket.send(chunk.subarray(at, at + MESSAGE_BYTES));
  }
}

function lost(): BangerError {
  return new BangerError(
    'daemon.unreachable',
    'The connection to the guest was lost: the daemon closed it',
    { hint: 'banger daemon logs', details: { reason: 'lost' } },
  );
}
