import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { following, order, readAll, until } from '../support/guest-attachments.ts';
import { aBoot } from '../support/guest-commands.ts';
import { guestSessionOutputContract } from './guest-session-output.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();

/** What callers may rely on about commands that outlive them. */
export function guestSessionsContract({ name, connect }: GuestSubject): void {
  guestSessionOutputContract({ name, connect });
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} keeps the GuestSessions contract`, () => {
    test('keeps what a command wrote, and how it ended', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;

      const started = await sessions.start(
        order('build', ['sh', '-c', 'echo out; echo err >&2; exit 3']),
        never,
      );
      const { text, last } = await readAll(await sessions.attach(following('build'), never));
      const [listed] = await sessions.list(never);

      assert.match(started.id, /^ses_[0-9a-f]{16}$/);
      assert.deepEqual(text, { stdout: 'out\n', stderr: 'err\n' });
      assert.deepEqual(last.exit, { kind: 'exited', code: 3 });
      assert.deepEqual(listed?.output.stdout, { start: 0, end: 4 });
      assert.equal((await sessions.get(started.id, never)).name, 'build');
    });

    test('gives a name once while it runs, and anew when it has ended', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      const first = await sessions.start(order('web', ['sleep']), never);

      await assert.rejects(sessions.start(order('web', ['true']), never), {
        code: 'session.name_taken',
      });
      await assert.rejects(sessions.remove('web', never), { code: 'session.running' });
      await sessions.signal('web', 9, never);
      const { last } = await readAll(await sessions.attach(following('web'), never));
      await assert.rejects(sessions.signal('web', 9, never), { code: 'session.ended' });
      const second = await sessions.start(order('web', ['true']), never);

      assert.deepEqual(last.exit, { kind: 'signalled', signal: 9 });
      assert.notEqual(second.id, first.id);
      await assert.rejects(sessions.get(first.id, never), { code: 'session.not_found' });
    });

    test('refuses what cannot be started', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      const needing = { ...order('x', ['true']), requiredCommands: ['true', 'no-such'] };

      await assert.rejects(sessions.start(order('x', ['no-such']), never), {
        code: 'exec.not_found',
      });
      await assert.rejects(sessions.start(needing, never), {
        code: 'session.command_missing',
        message: /no-such/,
      });

      assert.deepEqual(await sessions.list(never), []);
    });

    test('knows no session that there is not', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      const missing = { code: 'session.not_found' };

      await assert.rejects(sessions.get('nobody', never), missing);
      await assert.rejects(sessions.attach(following('nobody'), never), missing);
      await assert.rejects(sessions.signal('nobody', 15, never), missing);
      await assert.rejects(sessions.stop('nobody', 0, never), missing);
      await assert.rejects(sessions.remove('nobody', never), missing);
      assert.ok(!guest.lost.aborted);
    });

    test('has one writer, which another one may replace', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start({ ...order('cat', ['cat']), stdin: true }, never);
      const claim = (token: string, take = false) => ({
        ...following('cat'),
        writer: { token, take },
      });
      const first = await sessions.attach(claim('token-of-one'), never);

      await assert.rejects(sessions.attach(claim('token-of-two'), never), {
        code: 'session.has_writer',
      });
      const second = await sessions.attach(claim('token-of-two', true), never);
      const told = until(first, (message) => message.kind === 'replaced');
      await second.write({ offset: 0, bytes: Buffer.from('hello'), eof: true });
      const { text } = await readAll(second);

      assert.deepEqual(
        [first.isWriter, second.isWriter, (await told).kind],
        [true, true, 'replaced'],
      );
      assert.equal(text.stdout, 'hello');
      await assert.rejects(
        sessions.write(
          'cat',
          { token: 'token-of-three', offset: 0, bytes: Buffer.from('x'), eof: false },
          never,
        ),
        { code: 'session.no_input' },
      );
    });

    test('takes what is sent twice once, under the same token', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start({ ...order('cat', ['cat']), stdin: true }, never);
      const send = (token: string, offset: number, text: string, eof = false) =>
        sessions.write('cat', { token, offset, bytes: Buffer.from(text), eof }, never);

      const taken = [
        await send('token-of-one', 0, 'abc'),
        await send('token-of-one', 0, 'abc'),
        await send('token-of-one', 1, 'bcdef'),
        await send('token-of-two', 0, 'xyz', true),
      ];
      const { text } = await readAll(await sessions.attach(following('cat'), never));

      assert.deepEqual(taken, [3, 3, 6, 3]);
      assert.equal(text.stdout, 'abcdefxyz');
    });

    test('stops one that is asked to, and an ended one again', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start(order('sleep', ['sleep']), never);

      const stopped = await sessions.stop('sleep', 5000, never);
      const again = await sessions.stop('sleep', 5000, never);
      await sessions.remove('sleep', never);

      assert.deepEqual(stopped.exit, { kind: 'signalled', signal: 15 });
      assert.deepEqual(again.exit, stopped.exit);
      assert.deepEqual(await sessions.list(never), []);
    });

    test('ends an attachment with its caller, and not the session', async () => {
      await using guest = await connectBooted();
      const { sessions } = guest;
      await sessions.start(order('sleep', ['sleep']), never);
      const caller = new AbortController();
      const reason = new Error('enough');

      const attachment = await sessions.attach(following('sleep'), caller.signal);
      const reading = readAll(attachment);
      caller.abort(reason);

      await assert.rejects(reading, reason);
      assert.equal((await sessions.get('sleep', never)).exit, null);
      assert.ok(!guest.lost.aborted);
    });

    test('ends attachments when the guest is lost', async () => {
      const guest = await connectBooted();
      await guest.sessions.start(order('sleep', ['sleep']), never);
      const reading = readAll(await guest.sessions.attach(following('sleep'), never));

      const failing = assert.rejects(reading, { code: 'guest.unreachable' });
      await guest[Symbol.asyncDispose]();

      await failing;
    });

    test('has none before the guest has booted', async () => {
      await using guest = await connect();

      await assert.rejects(guest.sessions.list(never), { code: 'guest.refused' });
    });
  });
}
