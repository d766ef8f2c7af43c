import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { createFakeRootDisks } from '../rootfs/fake-root-disks.ts';
import { importRecipe } from './import-kernel.ts';
import { createInitrdCache } from './initrd-cache.ts';
import { createKernelStore } from './kernel-store.ts';

const signal = new AbortController().signal;
const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };
const ELF = Buffer.from('\x7fELF Linux version %s Linux version 6.12.3-own (me@here) #1', 'latin1');

suite('a kernel of the user', () => {
  test('without modules has no disk of them, and keeps its own initrd', async () => {
    await using place = await open();
    await writeFile(join(place.dir, 'vmlinux'), ELF);
    await writeFile(join(place.dir, 'initrd'), 'their own');

    const kernel = await place.kernels.import({ name: 'own', from: { dir: place.dir } }, quiet);

    assert.equal(kernel.release, '6.12.3-own');
    assert.equal(kernel.modulesDisk, undefined);
    assert.deepEqual(Object.keys(kernel.files).toSorted(), ['initrd', 'vmlinux']);
    assert.deepEqual(await place.kernels.find('own'), kernel);
    assert.deepEqual(await readdir(place.builds), []);
  });

  const refused: readonly (readonly [string, (dir: string) => Promise<unknown>, RegExp])[] = [
    ['an empty directory', () => Promise.resolve(), /has none of vmlinux, vmlinuz, bzImage/],
    ['no such directory', (dir) => rm(dir, { recursive: true }), /there is no such file/],
    ['no kernel', (dir) => writeFile(join(dir, 'vmlinux'), 'text'), /neither an ELF kernel nor/],
    [
      'an ELF file that is no kernel',
      (dir) => writeFile(join(dir, 'vmlinux'), '\x7fELF'),
      /does not say which release it is/,
    ],
    [
      'modules of another release',
      async (dir) => {
        await writeFile(join(dir, 'vmlinux'), ELF);
        await mkdir(join(dir, 'lib/modules/5.10'), { recursive: true });
      },
      /has no modules of release 6\.12\.3-own/,
    ],
    [
      'another manifest',
      (dir) => writeFile(join(dir, 'manifest.json'), '{"format": 1}'),
      /is no manifest of a kernel/,
    ],
  ];
  for (const [what, prepare, message] of refused) {
    test(`is refused for ${what}, and nothing is stored`, async () => {
      await using place = await open();
      await prepare(place.dir);

      const imported = place.kernels.import({ name: 'own', from: { dir: place.dir } }, quiet);

      await assert.rejects(imported, { code: 'kernel.bad_content', message });
      assert.deepEqual(await place.kernels.list(), []);
      assert.deepEqual(await readdir(place.builds), []);
    });
  }
});

async function open() {
  const root = await mkdtempDisposable(join(tmpdir(), 'banger-import-'));
  const builds = join(root.path, 'builds');
  const dir = join(root.path, 'given');
  await mkdir(dir);
  const host = {
    processes: createSystemProcesses(),
    rootDisks: createFakeRootDisks(),
    env: {},
  };
  const kernels = createKernelStore({
    paths: { kernels: join(root.path, 'kernels'), builds },
    clock: createSystemClock(),
    catalog: (work) => createCatalog([], []).list(work),
    recipeFor: () => Promise.resolve(undefined),
    importRecipe: (kernel) => importRecipe(host, kernel),
    initrds: createInitrdCache({ dir: join(root.path, 'initrds'), agentFile: '/nonexistent' }),
  });
  return { kernels, dir, builds, [Symbol.asyncDispose]: () => root.remove() };
}
