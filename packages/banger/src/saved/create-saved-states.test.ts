import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createSavedStates } from './create-saved-states.ts';

const MIB = 1024 * 1024;
const manifest = {
  createdAt: '2026-01-01T00:00:00.000Z',
  fingerprint: 'digest',
  vmmVersion: 'QEMU 7.2.22',
  memoryMib: 1,
};

suite('saved states on a file system', () => {
  test('appear whole, in a directory that is its owner’s alone', async () => {
    await using store = await open();
    const draft = await store.draft('first');
    assert.equal(await store.saved.read(join(store.dir, 'first')), undefined);

    const sizeBytes = await store.saved.commit(draft, join(store.dir, 'first'), manifest);

    assert.deepEqual(await store.saved.read(join(store.dir, 'first')), manifest);
    assert.ok(sizeBytes > 0);
    assert.equal((await stat(join(store.dir, 'first'))).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(store.dir), ['first']);
  });

  test('are no longer believed when a file is not what it was', async () => {
    await using store = await open();
    const draft = await store.draft('first');
    await store.saved.commit(draft, join(store.dir, 'first'), manifest);

    await truncate(join(store.dir, 'first/memory'), 1);

    const reading = store.saved.read(join(store.dir, 'first'));
    await assert.rejects(reading, { code: 'vm.state_unusable' });
  });

  test('of other names go, drafts too, and where there is nothing that is no error', async () => {
    await using store = await open();
    for (const name of ['first', 'second']) {
      await store.saved.commit(await store.draft(name), join(store.dir, name), manifest);
    }
    await store.draft('third');

    await store.saved.keepOnly(store.dir, ['second']);
    await store.saved.keepOnly(join(store.dir, 'none'), []);

    assert.deepEqual(await readdir(store.dir), ['second']);
  });
});

async function open() {
  const home = await mkdtempDisposable(join(tmpdir(), 'banger-saved-'));
  const saved = createSavedStates();
  return {
    saved,
    dir: home.path,
    async draft(name: string) {
      const draft = await saved.begin(join(home.path, name));
      await writeFile(draft.memory, '');
      await truncate(draft.memory, MIB);
      await writeFile(draft.state, 'devices');
      return draft;
    },
    [Symbol.asyncDispose]: () => home.remove(),
  };
}
