import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { startFakeDaemon } from '../../../test/support/fake-daemon.ts';
import { connect } from './index.ts';

suite('the client', () => {
  test('leases the VM that it creates: the end of the scope deletes it', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });
    let stdout = '';

    {
      await using vm = await banger.vms.create({ image: 'debian-bookworm' });
      ({ stdout } = asText(await vm.exec(['echo', vm.name])));
      assert.equal(daemon.vms.list(true)[0]?.ephemeral, true);
    }

    assert.equal(stdout, 'calm-otter-1\n');
    assert.deepEqual(daemon.vms.list(true), []);
  });

  test('leaves a VM that is to be kept', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });

    {
      await using vm = await banger.vms.create({ name: 'web', keep: true });
      assert.equal(vm.record.ephemeral, false);
    }

    assert.equal(daemon.vms.find('web').state.name, 'running');
  });

  test('rebuilds the error of the daemon, with its operation', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });

    const error = await failure(banger.vms.show('nobody'));

    assert.equal(error.code, 'vm.not_found');
    assert.equal(error.hint, 'banger vm list -a');
    assert.deepEqual([error.operation], [...daemon.operations]);
  });

  test('passes stages on and waits until cancelled work is undone', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });
    daemon.held.add('createVm');
    const caller = new AbortController();
    const reason = new Error('changed my mind');

    const creating = banger.vms.create(
      { name: 'web' },
      { signal: caller.signal, onStage: () => caller.abort(reason) },
    );

    await assert.rejects(creating, (error) => error === reason);
    assert.deepEqual(daemon.cancelled, ['createVm: asked']);
  });

  test('cancels by closing where the daemon cannot be asked', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });
    daemon.held.add('stopVm');
    daemon.knowsCancel = false;
    const caller = new AbortController();

    const options = { signal: caller.signal, onStage: () => caller.abort() };
    await assert.rejects(banger.vms.stop('web', options), { name: 'AbortError' });

    await untilEqual(() => daemon.cancelled, ['stopVm: closed']);
  });

  test('reports what went wrong in long work', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });
    daemon.failing.set('pullImage', new BangerError('host.disk_full', 'Cannot pull: disk full'));

    const error = await failure(banger.images.pull('debian-bookworm'));

    assert.equal(error.code, 'host.disk_full');
  });

  test('refuses an answer of another shape', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });
    daemon.settings.doctorRows = [{ name: 'kvm', status: 'MAYBE' as 'PASS', detail: '' }];

    const error = await failure(banger.doctor());

    assert.match(error.message, /^Cannot understand the daemon's answer to GET \/v1\/doctor/);
  });

  test('reads logs as they are', async () => {
    await using daemon = await startFakeDaemon();
    using banger = connect({ socket: daemon.settings.socket });

    const chunks = await Array.fromAsync(banger.daemon.logs({ tail: 2 }));

    assert.equal(Buffer.concat(chunks).toString(), 'one\ntwo\n');
  });
});

suite('an unreachable daemon is explained', () => {
  test('no socket, a file, another program', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'banger-sdk-'));
    await writeFile(join(directory, 'file'), '');
    const stranger = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => stranger.listen(join(directory, 'ssh'), resolve));

    const reasons = await Promise.all(
      ['absent', 'file', 'ssh'].map(async (name) => {
        using banger = connect({ socket: join(directory, name) });
        const error = await failure(banger.daemon.info());
        return [error.code, error.details['reason']];
      }),
    );

    assert.deepEqual(reasons, [
      ['daemon.unreachable', 'absent'],
      ['daemon.unreachable', 'foreign'],
      ['daemon.unreachable', 'foreign'],
    ]);
    stranger.close();
    await rm(directory, { recursive: true });
  });

  test('a path that does not fit an address', async () => {
    using banger = connect({ socket: `/tmp/${'x'.repeat(120)}/bangerd.sock` });

    const error = await failure(banger.daemon.info());

    assert.equal(error.code, 'host.path_unusable');
  });
});

async function failure(work: Promise<unknown>): Promise<BangerError> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof BangerError, String(error));
  return error;
}

function asText({ stdout }: { readonly stdout: Buffer }): { readonly stdout: string } {
  return { stdout: stdout.toString() };
}

async function untilEqual(read: () => unknown, expected: unknown): Promise<void> {
  while (JSON.stringify(read()) !== JSON.stringify(expected)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
