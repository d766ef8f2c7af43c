import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { startFakeDaemon } from '../../../test/support/fake-daemon.ts';
import { connect, type VmHandle } from './index.ts';

suite('a command in a VM', () => {
  test('keeps its two outputs apart', async () => {
    await using vm = await aRunningVm();

    const { exitCode, stdout, stderr } = await vm.exec(['both']);

    assert.deepEqual([exitCode, String(stdout), String(stderr)], [0, 'out\n', 'err\n']);
  });

  test('ends with its own status, and with 128 and the signal that ended it', async () => {
    await using vm = await aRunningVm();

    assert.equal((await vm.exec(['exit', '7'])).exitCode, 7);

    await using sleeping = await vm.spawn(['sleep']);
    await sleeping.kill('SIGTERM');
    assert.deepEqual(await sleeping.outcome, { exitCode: 143, signal: 15 });
  });

  test('reads bytes from text, buffers and streams, and their end', async () => {
    await using vm = await aRunningVm();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));

    const text = await vm.exec(['cat'], { stdin: 'hello' });
    const buffer = await vm.exec(['cat'], { stdin: bytes });
    const stream = await vm.exec(['cat'], { stdin: inPieces(bytes) });
    const nothing = await vm.exec(['cat']);

    assert.equal(String(text.stdout), 'hello');
    assert.ok(buffer.stdout.equals(bytes));
    assert.ok(stream.stdout.equals(bytes));
    assert.equal(nothing.stdout.length, 0);
  });

  test('waits for a slow sink and loses nothing', async () => {
    await using vm = await aRunningVm();
    let taken = 0;

    await using command = await vm.spawn(['zeros', '3000000'], {
      stdout: async (chunk) => {
        await new Promise((resolve) => setImmediate(resolve));
        taken += chunk.length;
      },
    });
    await command.outcome;

    assert.equal(taken, 3_000_000);
  });

  test('is given its environment, directory, user and terminal', async () => {
    await using vm = await aRunningVm();
    let text = '';
    const terminal = { size: { rows: 5, cols: 9 }, term: 'vt100' };

    await using command = await vm.spawn(['context'], {
      ...{ env: { A: '1' }, cwd: '/srv', user: 'ana', terminal, stdin: 'x' },
      stdout: (chunk) => void (text += Buffer.from(chunk).toString()),
    });
    await command.outcome;

    const expected = { env: { A: '1' }, cwd: '/srv', user: 'ana', terminal, stdin: true };
    assert.deepEqual(JSON.parse(text), expected);
  });

  test('is killed by an abort, which its outcome gives as the reason', async () => {
    await using vm = await aRunningVm();
    const caller = new AbortController();

    const { outcome } = await vm.spawn(['sleep'], { signal: caller.signal });
    caller.abort();

    await assert.rejects(outcome, { name: 'AbortError' });
  });

  test('that is not there is an error of its own', async () => {
    await using vm = await aRunningVm();

    await assert.rejects(vm.exec(['missing']), { code: 'exec.not_found' });
  });

  test('whose connection breaks is lost, not successful', async () => {
    await using vm = await aRunningVm();

    await assert.rejects(vm.exec(['vanish']), { code: 'daemon.unreachable' });
  });

  test('fails with the sink that fails', async () => {
    await using vm = await aRunningVm();
    const broken = new BangerError('internal.bug', 'no more');

    const { outcome } = await vm.spawn(['echo', 'x'], {
      stdout: () => {
        throw broken;
      },
    });

    await assert.rejects(outcome, (error) => error === broken);
  });
});

/** A leased VM of its own daemon; both are gone after it is disposed. */
async function aRunningVm(): Promise<Pick<VmHandle, 'exec' | 'spawn'> & AsyncDisposable> {
  const daemon = await startFakeDaemon();
  const banger = connect({ socket: daemon.settings.socket });
  const vm = await banger.vms.create();
  return {
    exec: (argv, options) => vm.exec(argv, options),
    spawn: (argv, options) => vm.spawn(argv, options),
    async [Symbol.asyncDispose]() {
      await vm[Symbol.asyncDispose]();
      banger[Symbol.dispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += 999) {
    yield await Promise.resolve(bytes.subarray(at, at + 999));
  }
}
