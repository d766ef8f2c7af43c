import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createSystemProcesses } from '../host/system-processes.ts';
import { packTree } from './pack-tree.ts';
import { settleInodes } from './settle-inodes.ts';

const processes = createSystemProcesses();
const signal = new AbortController().signal;
const EPOCH = 1_700_000_000;

suite('a packed tree', () => {
  test('is a clean file system, the same bytes for the same tree made at another time', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-pack-'));

    const files = [await packed(join(dir.path, 'one')), await packed(join(dir.path, 'other'))];

    const checked = await processes.run(['/usr/sbin/e2fsck', '-fn', files[0]!], { signal });
    assert.equal(checked.exitCode, 0, checked.stdout);
    assert.ok((await readFile(files[0]!)).equals(await readFile(files[1]!)));
  });

  test('belongs to root when that is asked for', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-pack-'));
    const file = await packed(join(dir.path, 'one'));

    const shown = await processes.run(['/usr/sbin/debugfs', '-R', 'stat /deep/file', file], {
      signal,
    });

    assert.match(shown.stdout, /User:\s+0\s+Group:\s+0\b/);
    assert.match(shown.stdout, /Mode:\s+0640/);
  });

  test('that is no ext4 file is left alone', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-pack-'));
    const file = join(dir.path, 'other');
    await writeFile(file, Buffer.alloc(8192));

    await assert.rejects(settleInodes(file, { owner: 'root' }), /not an ext4/);
  });
});

/** The file of a small tree below `dir`. */
async function packed(dir: string): Promise<string> {
  const tree = join(dir, 'tree');
  await mkdir(join(tree, 'deep'), { recursive: true });
  await writeFile(join(tree, 'deep/file'), 'x'.repeat(100_000));
  await chmod(join(tree, 'deep/file'), 0o640);
  await symlink('deep/file', join(tree, 'link'));
  for (let number = 0; number < 50; number += 1)
    await writeFile(join(tree, `f${String(number)}`), 'f');
  const file = join(dir, 'packed.ext4');
  const command = packTree({
    ...{ mkfs: '/usr/sbin/mkfs.ext4', tree, file, epoch: EPOCH },
    label: 'test',
  });
  const { exitCode, stderr } = await processes.run(command, { signal });
  assert.equal(exitCode, 0, stderr);
  await settleInodes(file, { owner: 'root' });
  return file;
}
