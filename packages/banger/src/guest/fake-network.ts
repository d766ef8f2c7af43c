import { duplexPair, Readable, type Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import type { GuestListener, GuestScheme } from './guest-listeners.ts';
import {
  describeTarget,
  type DialTarget,
  type GuestNetwork,
  type ProbeTarget,
} from './guest-network.ts';

/** What listens in a fake guest: takes the listener's end of each connection to its place. */
export type FakeListener = (connection: Duplex) => void;

/** By place (`tcp 80`, `unix /run/x`) who listens there */
export class FakeListeners extends Map<string, FakeListener> {
  #change: PromiseWithResolvers<void> | undefined;

  /** Resolves when the next one begins or ceases to listen */
  get changed(): Promise<void> {
    this.#change ??= Promise.withResolvers();
    return this.#change.promise;
  }

  override set(place: string, listener: FakeListener): this {
    super.set(place, listener);
    this.#tell();
    return this;
  }

  override delete(place: string): boolean {
    const was = super.delete(place);
    this.#tell();
    return was;
  }

  #tell(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}

/** What listens in every fake guest: echo (RFC 862), chargen (RFC 864), one that greets, and one that resets. */
export function fakeServices(): FakeListeners {
  return new FakeListeners()
    .set('tcp 7', (connection) => void connection.pipe(connection))
    .set('tcp 13', (connection) => void connection.resume().end('hello\n'))
    .set('tcp 19', (connection) => void Readable.from(endless()).pipe(connection))
    .set('tcp 666', (connection) => void connection.once('data', () => connection.destroy()))
    .set('unix /run/echo', (connection) => void connection.pipe(connection));
}

export interface FakeCalls {
  readonly lost: AbortSignal;
  /** As every call of a fake guest is answered: once it has booted, and until it is lost */
  readonly call: <T>(name: string, verb: string, signal: AbortSignal, work: () => T) => Promise<T>;
}

export function fakeNetwork(listeners: FakeListeners, { lost, call }: FakeCalls): GuestNetwork {
  return {
    dial: (target, signal) =>
      call('dial', 'connect', signal, () => dialFake(listeners, target, lost)),
    async *watchListeners(signal) {
      await call('watchListeners', 'say what listens', signal, () => undefined);
      yield* watchFake(listeners, AbortSignal.any([signal, lost]));
    },
    probe: (targets, signal) =>
      call('probe', 'probe its listeners', signal, () => targets.map(fakeScheme)),
  };
}

/** As a real agent tells them: sorted by port. */
async function* watchFake(
  listeners: FakeListeners,
  over: AbortSignal,
): AsyncGenerator<readonly GuestListener[]> {
  for (;;) {
    const { changed } = listeners;
    yield [...listeners.keys()]
      .filter((place) => place.startsWith('tcp '))
      .map((place) => Number(place.slice('tcp '.length)))
      .sort((a, b) => a - b)
      .map((port) => {
        return { protocol: 'tcp', address: '127.0.0.1', port, pid: port, process: 'fake' };
      });
    await orAbort(changed, over);
  }
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, 'banger ');
}

/** A web server is where one is expected. */
function fakeScheme({ port }: ProbeTarget): GuestScheme {
  if (port === 443) return 'https';
  return port === 80 || port === 8080 ? 'http' : 'other';
}

export function fakePlace(target: DialTarget): string {
  return target.kind === 'unix' ? `unix ${target.path}` : `tcp ${String(target.port)}`;
}

/** A connection within this process. */
function dialFake(listeners: FakeListeners, target: DialTarget, lost: AbortSignal): Duplex {
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
