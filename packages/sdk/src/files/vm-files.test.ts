import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { startFakeDaemon } from '../../../../test/support/fake-daemon.ts';
import { connect } from '../index.ts';
import { archiveOf, found, inChunks, scratch, top } from './files.fixture.ts';

suite('the files of a VM', () => {
  test('are copied in and out', async () => {
    await using daemon = await startFakeDaemon();
    using home = scratch();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    const bytes = randomBytes(3_000_000);
    mkdirSync(`${home.dir}/tree/sub`, { recursive: true });
    writeFileSync(`${home.dir}/tree/sub/f`, bytes);

    const placed = await files.put(`${home.dir}/tree`, '/root');
    const at = await files.get('tree', `${home.dir}/back`);

    assert.deepEqual(placed, { path: '/root/tree', entries: 3 });
    assert.equal(at, `${home.dir}/back`);
    assert.ok(readFileSync(`${home.dir}/back/sub/f`).equals(bytes));
  });

  test('go where cp would put them', async () => {
    await using daemon = await startFakeDaemon();
    using home = scratch();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    writeFileSync(`${home.dir}/f`, 'f');
    mkdirSync(`${home.dir}/d`);
    writeFileSync(`${home.dir}/d/in`, 'in');

    await files.put(`${home.dir}/f`, '~/new');
    await files.put(`${home.dir}/d/.`, '/tmp');
    await files.get('/tmp/in', `${home.dir}/d/`);
    await files.get('/root/.', home.dir);

    assert.equal(daemon.guest.files.get('/root/new')?.content.toString(), 'f');
    assert.equal(daemon.guest.files.get('/tmp/in')?.content.toString(), 'in');
    assert.deepEqual(found(home.dir), ['d', 'd/in', 'f', 'new']);
  });

  test('are written and read by a program', async () => {
    await using daemon = await startFakeDaemon();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');

    await files.writeFile('/root/notes', 'hello', { mode: 0o600 });

    assert.equal((await files.readFile('notes')).toString(), 'hello');
    assert.equal(daemon.guest.files.get('/root/notes')?.mode, 0o600);
    await assert.rejects(files.readFile('/root'), { code: 'files.wrong_kind' });
    await assert.rejects(files.readFile('/none'), { code: 'files.not_found' });
  });

  test('travel as archives that every tar reads', async () => {
    await using daemon = await startFakeDaemon();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    const archive = archiveOf({ name: 'a/', kind: 'directory' }, { name: 'a/b', content: 'b' });

    await files.putArchive(inChunks(archive), '/root');
    const back = Buffer.concat(await Array.fromAsync(files.getArchive('/root/a')));

    const names = execFileSync('tar', ['-t'], { input: back }).toString();
    assert.equal(names, 'a/\na/b\n'.replace('a/\n', 'a\n'));
  });

  test('that the guest refuses end the upload with its reason', async () => {
    await using daemon = await startFakeDaemon();
    using home = scratch();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    writeFileSync(`${home.dir}/large`, Buffer.alloc(20_000_000));

    const putting = files.put(`${home.dir}/large`, '/none/x');

    await assert.rejects(putting, { code: 'files.not_found', hint: /banger vm exec web -- ls/ });
    assert.equal(daemon.guest.files.has('/none/x'), false);
  });

  test('that cannot be read here are named, and nothing of them is in the guest', async () => {
    await using daemon = await startFakeDaemon();
    using home = scratch();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    mkdirSync(`${home.dir}/d`);
    writeFileSync(`${home.dir}/d/a`, Buffer.alloc(2_000_000));
    execFileSync('mkfifo', [`${home.dir}/d/z`]);

    await assert.rejects(files.put(`${home.dir}/none`, '/root'), { code: 'files.not_found' });
    await assert.rejects(files.put(`${home.dir}/d`, '/root'), {
      code: 'files.wrong_kind',
      message: /d\/z": it is a FIFO/,
    });

    assert.equal(daemon.guest.files.has('/root/d'), false);
  });

  test('are left alone when the caller gives up', async () => {
    await using daemon = await startFakeDaemon();
    using home = scratch();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    const caller = new AbortController();
    const reason = new Error('enough');
    async function* slow() {
      yield archiveOf(top, { name: 'f', content: 'x'.repeat(9000) }).subarray(0, 3000);
      setImmediate(() => caller.abort(reason));
      await new Promise(() => undefined);
    }

    await assert.rejects(files.putArchive(slow(), '/root', { signal: caller.signal }), reason);

    assert.equal(daemon.guest.files.has('/root/f'), false);
    assert.deepEqual(found(home.dir), []);
  });

  test('that break off in the middle are not taken for whole', async () => {
    await using daemon = await startFakeDaemon();
    const files = connect({ socket: daemon.settings.socket }).vms.files('web');
    const [root] = daemon.guest.files;
    daemon.guest.files.set('/tmp/a', {
      ...root![1],
      kind: 'file',
      content: Buffer.alloc(9_000_000),
    });
    const archive = files.getArchive('/tmp');
    await archive.next();

    await daemon.stop();

    await assert.rejects(
      async () => {
        while ((await archive.next()).done !== true);
      },
      { code: 'daemon.unreachable' },
    );
  });
});
