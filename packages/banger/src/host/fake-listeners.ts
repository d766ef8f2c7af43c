import { duplexPair, type Duplex } from 'node:stream';

import { type HostPort, explainListenError, hostPortText } from '@banger/protocol/host-port';

import { type HostConnection, type Listeners } from './listeners.ts';

const ANY = '0.0.0.0';
const FIRST_CHOSEN = 32_768;

/** Ports of a host that is not there; refuses what a kernel refuses. */
export interface FakeListeners extends Listeners {
  /** `address:port` of all that are open */
  readonly open: ReadonlySet<string>;
  /** Ports below are root's; 0 unless a test sets it */
  unprivilegedFrom: number;
  /** Somebody else's program listens there until it is disposed */
  occupy(at: HostPort): Disposable;
  /** The client's end of a new connection */
  connect(at: HostPort): Promise<Duplex>;
}

export function createFakeListeners(): FakeListeners {
  const taken = new Map<string, (connection: HostConnection) => void>();

  function check(at: HostPort, unprivilegedFrom: number): void {
    if (!/^(?:127\.|0\.0\.0\.0$|::1$)/.test(at.address)) throw refusal('EADDRNOTAVAIL', at);
    if (at.port < unprivilegedFrom) throw refusal('EACCES', at);
    const isBusy = [...taken.keys()].some((key) => {
      const port = key.slice(key.lastIndexOf(':') + 1);
      if (port !== String(at.port)) return false;
      return at.address === ANY || key.startsWith(`${ANY}:`) || key === hostPortText(at);
    });
    if (isBusy) throw refusal('EADDRINUSE', at);
  }

  function take(at: HostPort, onConnection: (connection: HostConnection) => void): Disposable {
    const key = hostPortText(at);
    taken.set(key, onConnection);
    let isOpen = true;
    return {
      [Symbol.dispose]() {
        if (isOpen) taken.delete(key);
        isOpen = false;
      },
    };
  }

  const fake: FakeListeners = {
    unprivilegedFrom: 0,
    get open() {
      return new Set(taken.keys());
    },
    occupy(at) {
      check(at, 0);
      return take(at, ({ reset }) => reset());
    },
    listen({ address, port }, onConnection) {
      const at = { address, port: port === 0 ? FIRST_CHOSEN + taken.size : port };
      return attempt(() => {
        check(at, fake.unprivilegedFrom);
        const open = take(at, onConnection);
        return {
          at,
          [Symbol.asyncDispose]() {
            open[Symbol.dispose]();
            return Promise.resolve();
          },
        };
      });
    },
    connect: (at) =>
      attempt(() => {
        const { address, port } = at;
        const accept =
          taken.get(hostPortText(at)) ?? taken.get(hostPortText({ address: ANY, port }));
        if (accept === undefined)
          throw new Error(`connect ECONNREFUSED ${address}:${String(port)}`);
        return connected(accept);
      }),
  };
  return fake;
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function connected(accept: (connection: HostConnection) => void): Duplex {
  const [client, stream] = duplexPair();
  stream.on('error', () => undefined);
  client.once('close', () => stream.destroy());
  stream.once('close', () => {
    if (!stream.readableEnded || !stream.writableFinished) client.destroy();
  });
  accept({
    stream,
    reset() {
      client.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      stream.destroy();
    },
  });
  return client;
}

function refusal(code: string, at: HostPort): unknown {
  return explainListenError(Object.assign(new Error(code), { code }), at);
}
