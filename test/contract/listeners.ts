import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { suite, test } from 'node:test';
import { text } from 'node:stream/consumers';

import type { HostPort } from '@banger/protocol/host-port';

import type { HostConnection, Listeners } from '../../packages/banger/src/host/listeners.ts';

export interface ListenersSubject {
  readonly name: string;
  readonly listeners: Listeners;
  /** As a client of the host does */
  readonly connect: (at: HostPort) => Promise<Duplex>;
}

const anyPort = { address: '127.77.200.1', port: 0 };

/** What callers may rely on. */
export function listenersContract({ name, listeners, connect }: ListenersSubject): void {
  suite(`${name} keeps the Listeners contract`, () => {
    test('says which port it chose, and takes connections there', async () => {
      const { promise, resolve } = Promise.withResolvers<HostConnection>();
      await using listener = await listeners.listen(anyPort, resolve);

      const client = await connect(listener.at);
      const { stream } = await promise;
      client.end('question');
      const heard = await text(stream);
      stream.end('answer');

      assert.ok(listener.at.port > 0);
      assert.equal(heard, 'question');
      assert.equal(await text(client), 'answer');
    });

    test('refuses a port that is taken, and names it', async () => {
      await using listener = await listeners.listen(anyPort, () => undefined);
      const { address, port } = listener.at;

      await assert.rejects(
        listeners.listen(listener.at, () => undefined),
        {
          code: 'host.port_taken',
          message: `Cannot listen on ${address}:${String(port)}: another program listens there`,
        },
      );
    });

    test('keeps the same port on another address', async () => {
      await using first = await listeners.listen(anyPort, () => undefined);
      const other = { ...first.at, address: '127.77.200.2' };

      await using second = await listeners.listen(other, () => undefined);

      assert.deepEqual(second.at, other);
    });

    test('refuses an address that is not this host’s', async () => {
      const elsewhere = { address: '192.0.2.1', port: 0 };

      await assert.rejects(
        listeners.listen(elsewhere, () => undefined),
        { code: 'host.address_unusable' },
      );
    });

    test('is closed and free again when it is disposed, twice', async () => {
      const listener = await listeners.listen(anyPort, () => undefined);
      await listener[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();

      await assert.rejects(connect(listener.at), /ECONNREFUSED/);
      await using again = await listeners.listen(listener.at, () => undefined);
      assert.deepEqual(again.at, listener.at);
    });

    test('leaves its connections when it is disposed', async () => {
      const { promise, resolve } = Promise.withResolvers<HostConnection>();
      const listener = await listeners.listen(anyPort, resolve);
      const client = await connect(listener.at);
      const { stream } = await promise;

      await listener[Symbol.asyncDispose]();
      stream.end('still here');

      assert.equal(await text(client), 'still here');
      client.destroy();
    });

    test('a reset is a failure for the client', async () => {
      const { promise, resolve } = Promise.withResolvers<HostConnection>();
      await using listener = await listeners.listen(anyPort, resolve);

      const client = await connect(listener.at);
      client.resume();
      const connection = await promise;
      setImmediate(connection.reset);
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];

      assert.equal(error.code, 'ECONNRESET');
    });
  });
}
