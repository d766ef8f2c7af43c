import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { newOperationId } from '@banger/protocol/ids';

import { anOperation, aRequest, createFakeWorld } from '../machine/fake-world.ts';
import { RunningExec } from './running-exec.ts';

async function start(argv: readonly string[], timeoutMs?: number, isShell = false) {
  const world = createFakeWorld();
  const vm = await world.daemon().machines.create(aRequest(), anOperation());
  const request = { argv, env: {}, stdin: true };
  const operation = newOperationId();
  const exec = new RunningExec({ vm, request, isShell, timeoutMs, operation });
  const written: string[] = [];
  const sink = (stream: string, bytes: Uint8Array) => {
    written.push(`${stream}:${Buffer.from(bytes).toString()}`);
    return Promise.resolve();
  };
  return { exec, written, sink, guest: world.guests.get(vm.id) };
}

suite('a command that was asked for', () => {
  test('runs at once and keeps its output for whoever attaches', async () => {
    const { exec, written, sink, guest } = await start(['cat']);
    exec.input.push({ kind: 'stdin', bytes: Buffer.from('hello') });
    while (guest?.running.size === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(written, []);

    exec.attach(sink);
    exec.input.push({ kind: 'eof' });

    assert.deepEqual(await exec.status, { status: 'Success' });
    assert.deepEqual(written, ['stdout:hello']);
  });

  test('is ended in the guest when nobody attaches', async () => {
    const { exec, guest } = await start(['cat']);
    exec.input.push({ kind: 'stdin', bytes: Buffer.from('hello') });
    while (guest?.running.size === 0) await new Promise((resolve) => setImmediate(resolve));

    exec.end(new Error('nobody came'));

    assert.equal((await exec.status).status, 'Failure');
    assert.equal(guest?.running.size, 0);
  });

  test('says which command could not be found', async () => {
    const { exec } = await start(['nosuch']);

    const { error } = await exec.status;

    assert.equal(error?.code, 'exec.not_found');
  });

  test('that is only a shell says which image has none', async () => {
    const { exec } = await start(['/bin/no-sh'], undefined, true);

    const { error } = await exec.status;

    assert.equal(error?.code, 'image.no_shell');
    assert.match(error.message, /image "debian-bookworm-slim" has no \/bin\/sh$/);
  });

  test('is ended when it takes longer than it may', async () => {
    const { exec } = await start(['cat'], 20);

    const { error } = await exec.status;

    assert.equal(error?.code, 'exec.timed_out');
    assert.match(error.message, /Cannot finish "cat" in VM "web": it ran longer than 0\.02 s/);
  });
});
