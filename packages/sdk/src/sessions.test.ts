import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { startFakeDaemon, type FakeDaemon } from '../../../test/support/fake-daemon.ts';
import { SessionReader } from '../../../test/support/session-readers.ts';
import { connect, type Sessions } from './index.ts';

suite('sessions', () => {
  test('are started, listed, and forgotten when they have ended', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    const reader = new SessionReader();

    const { name } = await sessions.start(['sh', '-c', 'echo hello; exit 3']);
    const { kind, session, position } = await sessions.read(name, reader.options);
    const names = (await sessions.list()).map((one) => one.name);
    await sessions.remove(name);

    assert.deepEqual(
      [kind, session.exit, position.stdout],
      ['ended', { kind: 'exited', code: 3 }, 6],
    );
    assert.equal(reader.text, 'hello\n');
    assert.deepEqual(names, [name]);
    assert.deepEqual(await sessions.list(), []);
    assert.match(name, /^[a-z]+-[a-z]+$/);
  });

  test('say how to go on when something is refused', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['sleep'], { name: 'busy' });

    await assert.rejects(sessions.show('nobody'), {
      ...{ code: 'session.not_found', hint: 'banger vm session list web' },
    });
    await assert.rejects(sessions.start(['true'], { name: 'busy' }), {
      ...{ code: 'session.name_taken', hint: 'banger vm session attach web' },
    });
    await assert.rejects(sessions.attach('nobody'), { code: 'session.not_found' });
    await assert.rejects(sessions.send('busy', 'x'), { code: 'session.no_input' });
    await assert.rejects(sessions.remove('busy'), { code: 'session.running' });
  });

  test('take what is sent, and pass it on byte for byte', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    const bytes = randomBytes(300_000);
    await sessions.start(['cat'], { name: 'cat', stdin: true });
    const reader = new SessionReader();

    const reading = sessions.read('cat', reader.options);
    await sessions.send('cat', bytes, { eof: true });
    await reading;

    assert.ok(reader.bytes.equals(bytes));
  });

  test('end the input of a program only when its source ends', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['cat'], { name: 'cat', stdin: true });
    const reader = new SessionReader();
    async function* breaking() {
      yield 'first ';
      await reader.atLeast(6);
      throw new Error('the terminal is gone');
    }

    const first = await sessions.attach('cat', {
      ...reader.options,
      write: true,
      stdin: breaking(),
    });
    await reader.atLeast(6);
    await pause(20);
    first.detach();
    const end = await first.end;
    const second = { ...reader.options, from: end.position, write: true, stdin: 'second' };
    await (
      await sessions.attach('cat', second)
    ).end;

    assert.equal(end.kind, 'detached');
    assert.equal(reader.text, 'first second');
  });

  test('are gone on with after a daemon was away: no byte is missing, none comes twice', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['cat'], { name: 'cat', stdin: true });
    const bytes = randomBytes(2_000_000);
    const reader = new SessionReader();
    async function* slowly() {
      for (let at = 0; at < bytes.length; at += 50_000) {
        yield bytes.subarray(at, at + 50_000);
        await pause(5);
      }
    }

    await using attachment = await sessions.attach('cat', {
      ...reader.options,
      write: true,
      stdin: slowly(),
    });
    for (let round = 0; round < 3; round += 1) {
      await reader.more(100_000);
      const retries = reader.retries.length;
      await daemon.stop();
      while (reader.retries.length === retries) await pause(5);
      await daemon.start();
    }
    await attachment.end;

    assert.ok(reader.bytes.equals(bytes));
    assert.ok(reader.retries.length >= 3);
  });

  test('are given up when the connection is not there again in time', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['sleep'], { name: 'sleep' });

    const { end } = await sessions.attach('sleep', { retryMs: 50 });
    await daemon.stop();

    await assert.rejects(end, { code: 'daemon.unreachable' });
  });

  test('leave a writer that was replaced a reader', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['cat'], { name: 'cat', stdin: true });
    const { promise: replaced, resolve: onReplaced } = Promise.withResolvers<undefined>();
    const reader = new SessionReader();

    await using first = await sessions.attach('cat', {
      ...reader.options,
      write: true,
      onReplaced: () => onReplaced(undefined),
    });
    await assert.rejects(sessions.attach('cat', { write: true }), { code: 'session.has_writer' });
    const second = await sessions.attach('cat', { write: true, take: true, stdin: 'mine' });
    await replaced;
    await second.end;
    await first.end;

    assert.equal(first.isWriter, false);
    assert.equal(reader.text, 'mine');
  });

  test('end for a caller that aborts, and go on', async () => {
    await using daemon = await startFakeDaemon();
    const sessions = await sessionsOf(daemon);
    await sessions.start(['sleep'], { name: 'sleep' });
    const caller = new AbortController();

    const reading = sessions.read('sleep', { signal: caller.signal });
    await pause(20);
    caller.abort(new Error('enough'));

    await assert.rejects(reading, /enough/);
    assert.equal((await sessions.show('sleep')).exit, null);
  });
});

async function sessionsOf(daemon: FakeDaemon): Promise<Sessions> {
  const { vms } = connect({ socket: daemon.settings.socket });
  await vms.create({ name: 'web', keep: true });
  return vms.sessions('web');
}
