import { duplexPair, Readable, type Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { describeTarget, type DialTarget } from './guest-network.ts';

/** What listens in a fake guest: takes the listener's end of each connection to its place. */
export type FakeListener = (connection: Duplex) => void;

/** `tcp 80`, `unix /run/x` → who listens there */
export type FakeListeners = Map<string, FakeListener>;

/** What listens in every fake guest: echo (RFC 862), chargen (RFC 864), one that greets, and one that resets. */
export function fakeServices(): FakeListeners {
  return new Map<string, FakeListener>([
    ['tcp 7', (connection) => void connection.pipe(connection)],
    ['tcp 13', (connection) => void connection.resume().end('hello\n')],
    ['tcp 19', (connection) => void Readable.from(endless()).pipe(connection)],
    ['tcp 666', (connection) => void connection.once('data', () => connection.destroy())],
    ['unix /run/echo', (connection) => void connection.pipe(connection)],
  ]);
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, 'banger ');
}

export function fakePlace(target: DialTarget): string {
  return target.kind === 'unix' ? `unix ${target.path}` : `tcp ${String(target.port)}`;
}

/** A connection within this process. */
export function dialFake(listeners: FakeListeners, target: DialTarget, lost: AbortSignal): Duplex {
  const listener = listeners.get(fakePlace(target));
  if (listener === undefined) {
    throw new BangerError(
      'guest.port_closed',
      `Cannot connect to ${describeTarget(target)}: nothing in the guest listens there`,
    );
  }
  const [ours, theirs] = duplexPair();
  const lose = () => {
    theirs.destroy();
    ours.destroy(asError(lost.reason));
  };
  lost.addEventListener('abort', lose, { once: true });
  ours.once('close', () => {
    lost.removeEventListener('abort', lose);
    if (ours.errored !== null || !ours.readableEnded) theirs.destroy();
  });
  theirs.on('error', () => undefined);
  theirs.once('close', () => {
    if (theirs.writableFinished) return;
    ours.destroy(
      new BangerError('guest.connection_lost', 'The connection in the guest broke: reset by peer'),
    );
  });
  listener(theirs);
  return ours;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
