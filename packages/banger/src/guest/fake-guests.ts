import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import { connectFakeGuest, type FakeGuest } from './fake-guest.ts';
import type { GuestConnector } from './guest.ts';

/**
 * Connects streams to fake guests: `serve` takes the guest's end of a stream (as the fake driver's `agent` gets it),
 * `connector` its host's end. What is never served never answers.
 */
export function createFakeGuests(): {
  readonly connector: GuestConnector;
  serve: (stream: Duplex, guest: FakeGuest) => void;
} {
  const guests = new Map<string, FakeGuest>();
  return {
    serve(stream, guest) {
      const key = randomUUID();
      guests.set(key, guest);
      stream.on('error', () => undefined).resume();
      stream.write(key);
    },
    connector: {
      async connect(stream, signal) {
        stream.on('error', () => undefined);
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        stream.once('data', (chunk: Buffer) => resolve(chunk.toString()));
        stream.once('close', () => reject(new BangerError('guest.unreachable', 'Cannot reach the guest agent: the channel to it was closed')));
        try {
          const guest = guests.get(await orAbort(promise, signal));
          if (guest === undefined) throw new BangerError('guest.protocol', 'Not a fake guest');
          return connectFakeGuest(guest, stream);
        } catch (cause) {
          stream.destroy();
          if (cause instanceof DOMException && cause.name === 'TimeoutError') {
            throw new BangerError('guest.unreachable', 'Cannot reach the guest agent: it does not answer', { cause });
          }
          throw cause;
        }
      },
    },
  };
}
