import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { rootDisksContract } from '../../../../test/contract/root-disks.ts';
import { createRootDisks } from './create-root-disks.ts';
import { tarOf } from './layers/layers.fixture.ts';
import type { LayerFile } from './root-disks.ts';

rootDisksContract('disks of ext4', () => createRootDisks());

suite('a thread that makes a disk', () => {
  const { signal } = new AbortController();

  test('is refused more memory than it may have, and the caller lives on', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
    const names = Array.from({ length: 60_000 }, (_, at) => ({
      name: `a long name ${String(at)}`,
    }));
    const layers = [await layerIn(dir.path, tarOf(names))];
    const file = join(dir.path, 'disk');

    await assert.rejects(
      createRootDisks({ maxHeapMib: 24 }).make({ layers, file, label: 'x' }, signal),
      { code: 'image.bad_content', message: /needs more than 24 MiB of memory/ },
    );

    assert.ok(!existsSync(file));
  });

  test('leaves nothing when it is called off in the middle of writing', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
    const layers = [await layerIn(dir.path, large())];
    const file = join(dir.path, 'disk');
    const caller = new AbortController();
    const reason = new Error('called off');
    const onProgress = () => caller.abort(reason);

    const made = createRootDisks().make({ layers, file, label: 'x', onProgress }, caller.signal);

    await assert.rejects(made, reason);
    assert.ok(!existsSync(file));
  });

  test(
    'says so when the disk is full, and leaves nothing',
    { skip: process.getuid?.() !== 0 && 'only root may mount' },
    async () => {
      await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'banger-test', dir.path]);
      try {
        await using elsewhere = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
        const layers = [await layerIn(elsewhere.path, large())];
        const file = join(dir.path, 'disk');

        await assert.rejects(createRootDisks().make({ layers, file, label: 'x' }, signal), {
          code: 'host.disk_full',
          hint: /df -h/,
        });

        assert.ok(!existsSync(file));
      } finally {
        execFileSync('umount', [dir.path]);
      }
    },
  );
});

/** 40 MB that are no zeros. */
function large(): Buffer {
  return tarOf([{ name: 'large', content: 'content '.repeat(5_000_000) }]);
}

async function layerIn(dir: string, tar: Buffer): Promise<LayerFile> {
  const path = join(dir, 'layer.tar');
  await writeFile(path, tar);
  return { path, compression: 'none' };
}
