import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '../../packages/protocol/src/errors.ts';
import type { GuestExec, GuestExecInput } from '../../packages/banger/src/guest/guest.ts';
import { aBoot, aCommand, run } from '../support/guest-commands.ts';
import { createInputQueue } from '../support/input-queue.ts';
import type { GuestSubject } from './guest-subject.ts';
import { guestBuildsContract } from './guest-builds.ts';
import { guestFilesContract } from './guest-files.ts';
import { guestForkingContract } from './guest-forking.ts';
import { guestListenersContract } from './guest-listeners.ts';
import { guestNetworkContract } from './guest-network.ts';
import { guestSessionsContract } from './guest-sessions.ts';
import { guestWorkspacesContract } from './guest-workspaces.ts';

const { signal: never } = new AbortController();

/** What callers may rely on. */
export function guestContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  guestBuildsContract({ name, connect });
  guestFilesContract({ name, connect });
  guestForkingContract({ name, connect });
  guestNetworkContract({ name, connect });
  guestSessionsContract({ name, connect });
  guestWorkspacesContract({ name, connect });
  guestListenersContract({ name, connect });

  suite(`${name} keeps the Guest contract`, () => {
    test('says what it is, before and after it boots', async () => {
      await using guest = await connect();

      const before = await guest.info(never);
      const { bootId } = await guest.boot(aBoot, never);
      const after = await guest.info(never);

      assert.equal(before.agentBuild, guest.agentBuild);
      assert.equal(before.phase, 'initrd');
      assert.equal(after.phase, 'booted');
      assert.equal(after.bootId, bootId);
      assert.equal((await guest.ready(never)).state, 'running');
    });

    test('boots once, and runs nothing before', async () => {
      await using guest = await connect();

      await assert.rejects(run(guest, ['true']), { code: 'guest.refused' });
      await guest.boot(aBoot, never);
      await assert.rejects(guest.boot(aBoot, never), { code: 'guest.refused' });

      assert.ok(!guest.lost.aborted);
    });

    test('tells output streams apart and the status', async () => {
      await using guest = await connectBooted();

      const result = await run(guest, ['sh', '-c', 'echo out; echo err >&2; exit 3']);

      assert.deepEqual(result.exit, { kind: 'exited', code: 3 });
      assert.equal(result.stdout.toString(), 'out\n');
      assert.equal(result.stderr.toString(), 'err\n');
      assert.ok(result.pid > 0);
    });

    test('tells the signal that ended a command', async () => {
      await using guest = await connectBooted();

      const { exit } = await run(guest, ['sh', '-c', 'kill -9 $$']);

      assert.deepEqual(exit, { kind: 'signalled', signal: 9 });
    });

    test('carries every byte both ways', async () => {
      await using guest = await connectBooted();
      const bytes = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, at) => at * 7));
      const input = createInputQueue<GuestExecInput>();
      input.push({ kind: 'stdin', bytes });
      input.push({ kind: 'eof' });

      const { exit, stdout } = await run(guest, ['cat'], { stdin: true, input });

      assert.deepEqual(exit, { kind: 'exited', code: 0 });
      assert.ok(stdout.equals(bytes));
    });

    test('sends signals', async () => {
      await using guest = await connectBooted();
      const input = createInputQueue<GuestExecInput>();

      const running = run(guest, ['sleep', '1000'], {
        input,
        onStarted: () => input.push({ kind: 'signal', signal: 15 }),
      });

      assert.deepEqual((await running).exit, { kind: 'signalled', signal: 15 });
    });

    const refused: readonly (readonly [string, GuestExec, string])[] = [
      ['a command that is not there', aCommand(['no-such-command']), 'exec.not_found'],
      ['a file that is no program', aCommand(['/etc/passwd']), 'exec.not_executable'],
      ['a user that is not there', { ...aCommand(['true']), user: 'nobody-here' }, 'exec.invalid'],
      ['a directory that is not there', { ...aCommand(['true']), cwd: '/no/dir' }, 'exec.invalid'],
    ];
    for (const [what, request, code] of refused) {
      test(`refuses ${what} and lives on`, async () => {
        await using guest = await connectBooted();

        await assert.rejects(run(guest, request.argv, request), { code });

        assert.deepEqual((await run(guest, ['true'])).exit, { kind: 'exited', code: 0 });
      });
    }

    test('throws the reason of a caller that gave up, and lives on', async () => {
      await using guest = await connectBooted();
      const caller = new AbortController();
      const reason = new Error('enough');

      const running = run(guest, ['sleep', '1000'], {
        signal: caller.signal,
        onStarted: () => caller.abort(reason),
      });

      await assert.rejects(running, reason);
      assert.deepEqual((await run(guest, ['true'])).exit, { kind: 'exited', code: 0 });
    });

    test('throws what the reader of the output throws, and lives on', async () => {
      await using guest = await connectBooted();
      const reason = new Error('the terminal is gone');
      const onOutput = () => Promise.reject(reason);

      await assert.rejects(run(guest, ['echo', 'hello'], { onOutput }), reason);

      assert.ok(!guest.lost.aborted);
    });

    test('runs many commands at once', async () => {
      await using guest = await connectBooted();

      const words = Array.from({ length: 20 }, (_, at) => `word-${String(at)}`);
      const results = await Promise.all(words.map((word) => run(guest, ['echo', word])));

      const said = results.map(({ stdout }) => stdout.toString().trim());
      assert.deepEqual(said, words);
    });

    test('counts, syncs and shuts down', async () => {
      await using guest = await connectBooted();

      const stats = await guest.stats(never);
      await guest.sync(never);
      await guest.shutdown(never);

      assert.ok(stats.memoryTotalBytes > stats.memoryAvailableBytes);
      assert.ok(stats.processCount > 0);
    });

    test('ends every call when it is disposed, twice if need be', async () => {
      const guest = await connectBooted();
      const { promise: started, resolve: onStarted } = Promise.withResolvers<number>();
      const running = run(guest, ['sleep', '1000'], { onStarted });
      running.catch(() => undefined);
      await started;

      await guest[Symbol.asyncDispose]();
      await guest[Symbol.asyncDispose]();

      await assert.rejects(running, { code: 'guest.unreachable' });
      await assert.rejects(guest.info(never), { code: 'guest.unreachable' });
      assert.ok(guest.lost.reason instanceof BangerError);
    });
  });
}
