import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { GuestListener } from '../../packages/banger/src/guest/guest-listeners.ts';
import { aBoot } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();

/** What callers may rely on when they ask what listens in a guest. */
export function guestListenersContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} tells what listens`, () => {
    test('all of it at once', async () => {
      await using guest = await connectBooted();

      let first: readonly GuestListener[] = [];
      for await (first of guest.network.watchListeners(never)) break;

      const echo = first.find(({ port }) => port === 7);
      assert.equal(echo?.protocol, 'tcp');
      assert.equal(echo.address, '127.0.0.1');
      assert.ok(echo.pid > 0 && echo.process !== '');
    });

    test('until the caller wants no more', async () => {
      await using guest = await connectBooted();
      const enough = new AbortController();
      const reason = new Error('enough');

      const lists = guest.network.watchListeners(enough.signal)[Symbol.asyncIterator]();
      await lists.next();
      const next = lists.next();
      enough.abort(reason);

      await assert.rejects(next, reason);
      assert.ok(!guest.lost.aborted);
    });

    test('until the guest is lost', async () => {
      const guest = await connectBooted();
      const lists = guest.network.watchListeners(never)[Symbol.asyncIterator]();
      await lists.next();
      const next = lists.next();
      next.catch(() => undefined);

      await guest[Symbol.asyncDispose]();

      await assert.rejects(next, { code: 'guest.unreachable' });
    });

    test('and what it speaks, in the order it was asked', async () => {
      await using guest = await connectBooted();
      const targets = [7, 80, 443].map((port) => ({ kind: 'tcp' as const, port }));

      assert.deepEqual(await guest.network.probe(targets, never), ['other', 'http', 'https']);
    });

    test('not before it has booted', async () => {
      await using guest = await connect();
      const lists = guest.network.watchListeners(never)[Symbol.asyncIterator]();

      await assert.rejects(lists.next(), { code: 'guest.refused' });
      await assert.rejects(guest.network.probe([], never), { code: 'guest.refused' });
    });
  });
}
