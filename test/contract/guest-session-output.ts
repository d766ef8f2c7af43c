import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import type { SessionMessage } from '../../packages/banger/src/guest/guest-sessions.ts';
import { following, order, readAll } from '../support/guest-attachments.ts';
import { aBoot } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();

/** More than can be on its way to somebody who does not read: what was overwritten after that is lost to them. */
const UNDER_WAY_BYTES = 8 * 1024 * 1024;

/** The part about what they write, and who reads it when. */
export function guestSessionOutputContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} keeps the GuestSessions contract: output`, () => {
    test('goes on from any byte, for as many readers as there are', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start(order('echo', ['echo', 'hello', 'world']), never);
      await readAll(await sessions.attach(following('echo'), never));
      const from = (stdout: number) => ({
        session: 'echo',
        follow: false,
        from: { stdout, stderr: 0 },
      });

      const texts = await Promise.all(
        [0, 6, 12].map(
          async (at) => (await readAll(await sessions.attach(from(at), never))).text.stdout,
        ),
      );
      const tail = await sessions.attach(
        { session: 'echo', follow: false, from: { tailLines: 0 } },
        never,
      );

      assert.deepEqual(texts, ['hello world\n', 'world\n', '']);
      assert.equal(tail.position.stdout, 12);
      tail.close();
    });

    test('refuses to go on after a byte that it has not written', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start(order('sleep', ['sleep']), never);
      const from = { stdout: 1, stderr: 0 };

      const attaching = sessions.attach({ session: 'sleep', follow: true, from }, never);

      await assert.rejects(attaching, { code: 'session.rewound' });
      assert.ok(!guest.lost.aborted);
    });

    test('tells what it lost when more is written than it keeps', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      const keepBytes = 64 * 1024;
      await sessions.start({ ...order('cat', ['cat']), stdin: true, keepBytes }, never);
      const bytes = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, at) => at * 7));

      await sessions.write('cat', { token: 'token-of-one', offset: 0, bytes, eof: true }, never);
      const live = await readAll(await sessions.attach(following('cat'), never));
      const from = { session: 'cat', follow: true, from: { stdout: 10, stderr: 0 } };
      const { messages, output } = await readAll(await sessions.attach(from, never));

      assert.ok(live.last.exit);
      const [first] = messages;
      const start = bytes.length - keepBytes;
      assert.deepEqual(first, {
        kind: 'lost',
        lost: { stream: 'stdout', start: 10, end: start, cause: 'overwritten' },
      });
      assert.ok(output.stdout.equals(bytes.subarray(start)));
    });

    test('holds no more output than it was asked for, and the guest does not wait', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start({ ...order('yes', ['yes']), keepBytes: 256 * 1024 }, never);
      const attachment = await sessions.attach(following('yes'), never);
      const messages = attachment.messages[Symbol.asyncIterator]() as AsyncIterator<
        SessionMessage,
        undefined
      >;
      await messages.next();
      const before = process.memoryUsage().rss;

      await pause(500);
      const grown = process.memoryUsage().rss - before;
      let { output } = await sessions.get('yes', never);
      while (output.stdout.start < UNDER_WAY_BYTES) {
        await pause(20);
        ({ output } = await sessions.get('yes', never));
      }
      const kinds = new Set<string>();
      while (!kinds.has('lost')) kinds.add(String((await messages.next()).value?.kind));
      attachment.close();
      await sessions.signal('yes', 9, never);

      assert.ok(grown < 64 * 1024 * 1024, `${String(grown)} bytes`);
    });
  });
}
