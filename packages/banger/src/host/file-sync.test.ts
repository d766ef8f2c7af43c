import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { connectFakeGuest, createFakeGuest } from '../guest/fake-guest.ts';
import { createFileSync } from './file-sync.ts';

const { signal: never } = new AbortController();

suite('file_sync', () => {
  test('puts files with their permissions and directories as they are', async () => {
    using home = scratch();
    mkdirSync(join(home.dir, 'd'), { mode: 0o750 });
    writeFileSync(join(home.dir, 'd/script'), 'script', { mode: 0o755 });
    chmodSync(join(home.dir, 'd/script'), 0o755);
    writeFileSync(join(home.dir, 'f'), 'content', { mode: 0o644 });
    symlinkSync('f', join(home.dir, 'link'));
    const { guest, connection } = bootedGuest();
    const sync = createFileSync([
      { host: join(home.dir, 'link'), guest: '/root/.config/f', mode: 0o600 },
      { host: join(home.dir, 'd'), guest: '/root/d', mode: 0o600 },
    ]);

    for (const _ of ['first start', 'second start']) {
      assert.deepEqual(await sync.into(connection.files, never), []);
    }

    const modes = ['/root/.config/f', '/root/d', '/root/d/script'].map(
      (path) => guest.files.get(path)?.mode,
    );
    assert.deepEqual(modes, [0o600, 0o750, 0o755]);
    assert.equal(guest.files.get('/root/.config/f')?.content.toString(), 'content');
  });

  test('goes on after what cannot be put, and says why', async () => {
    using home = scratch();
    writeFileSync(join(home.dir, 'f'), 'content');
    const { guest, connection } = bootedGuest();
    const sync = createFileSync([
      { host: join(home.dir, 'none'), guest: '/root/none', mode: 0o600 },
      { host: home.dir, guest: '/root/f', mode: 0o600 },
      { host: join(home.dir, 'f'), guest: '/root/g', mode: 0o600 },
    ]);
    await createFileSync([{ host: join(home.dir, 'f'), guest: '/root/f', mode: 0o600 }]).into(
      connection.files,
      never,
    );

    const problems = await sync.into(connection.files, never);

    assert.equal(problems.length, 2);
    assert.match(problems[0]!, /^file_sync entry 0: there is no ".*none" on this machine$/);
    assert.match(problems[1]!, /^file_sync entry 1: Cannot copy a directory over/);
    assert.ok(guest.files.has('/root/g'));
  });

  test('ends with the guest, and with its caller', async () => {
    using home = scratch();
    writeFileSync(join(home.dir, 'f'), 'content');
    const { connection } = bootedGuest();
    const sync = createFileSync([{ host: join(home.dir, 'f'), guest: '/root/f', mode: 0o600 }]);
    const reason = new Error('enough');

    await assert.rejects(sync.into(connection.files, AbortSignal.abort(reason)), reason);
    await connection[Symbol.asyncDispose]();

    await assert.rejects(sync.into(connection.files, never), { code: 'guest.unreachable' });
  });
});

function bootedGuest() {
  const guest = createFakeGuest();
  guest.phase = 'booted';
  return { guest, connection: connectFakeGuest(guest) };
}

function scratch(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'banger-sync-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
