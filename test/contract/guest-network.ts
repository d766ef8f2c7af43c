import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';

import { aBoot } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();
const echo = { kind: 'tcp', port: 7 } as const;

/** What callers may rely on when they connect to what listens in a guest. */
export function guestNetworkContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} keeps the GuestNetwork contract`, () => {
    test('carries bytes both ways, and each direction ends by itself', async () => {
      await using guest = await connectBooted();
      const sent = randomBytes(3_000_000);

      const stream = await guest.network.dial(echo, never);
      stream.end(sent);
      const got = await buffer(stream);

      assert.equal(sha256(got), sha256(sent));
      if (!stream.closed) await once(stream, 'close');
      assert.equal(stream.errored, null);
    });

    test('reads what is said after the guest was told that nothing more comes', async () => {
      await using guest = await connectBooted();

      const stream = await guest.network.dial({ kind: 'unix', path: '/run/echo' }, never);
      stream.end('last words');

      assert.equal((await buffer(stream)).toString(), 'last words');
    });

    test('hears a guest out that ends first', async () => {
      await using guest = await connectBooted();

      const stream = await guest.network.dial({ kind: 'tcp', port: 13 }, never);
      const got = await buffer(stream);

      assert.equal(got.toString(), 'hello\n');
      assert.equal(stream.writable, true);
      stream.end();
      await finished(stream);
    });

    test('says that nobody listens', async () => {
      await using guest = await connectBooted();

      const dialing = guest.network.dial({ kind: 'tcp', port: 81 }, never);

      await assert.rejects(dialing, { code: 'guest.port_closed', message: /port 81/ });
      assert.ok(!guest.lost.aborted);
    });

    test('breaks a stream whose connection is reset', async () => {
      await using guest = await connectBooted();
      const stream = await guest.network.dial({ kind: 'tcp', port: 666 }, never);
      stream.resume().write('x');

      await assert.rejects(finished(stream), { code: 'guest.connection_lost' });
      assert.ok(!guest.lost.aborted);
    });

    test('makes the guest wait for a reader that does not read', async () => {
      await using guest = await connectBooted();
      const before = process.memoryUsage().rss;

      const stream = await guest.network.dial({ kind: 'tcp', port: 19 }, never);
      stream.on('error', () => undefined);
      stream.once('readable', () => undefined);
      await pause(300);
      const grown = process.memoryUsage().rss - before;
      stream.destroy();

      assert.ok(grown < 64 * 1024 * 1024, `${String(grown)} bytes`);
    });

    test('holds many connections at once', async () => {
      await using guest = await connectBooted();

      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const stream = await guest.network.dial(echo, never);
          stream.end(`number ${String(index)}`);
          return (await buffer(stream)).toString();
        }),
      );

      assert.deepEqual(
        answers,
        Array.from({ length: 50 }, (_, index) => `number ${String(index)}`),
      );
    });

    test('breaks every stream when the guest is lost', async () => {
      const guest = await connectBooted();
      const stream = await guest.network.dial(echo, never);

      const failing = assert.rejects(finished(stream), { code: 'guest.unreachable' });
      await guest[Symbol.asyncDispose]();

      await failing;
    });

    test('connects to nothing before the guest has booted', async () => {
      await using guest = await connect();

      await assert.rejects(guest.network.dial(echo, never), { code: 'guest.refused' });
    });

    test('obeys its caller until it is connected', async () => {
      await using guest = await connectBooted();

      await assert.rejects(guest.network.dial(echo, AbortSignal.abort()), { name: 'AbortError' });
      assert.ok(!guest.lost.aborted);
    });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
