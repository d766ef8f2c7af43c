import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';
import fc from 'fast-check';

import { findNode } from '../resolve-path.ts';
import { mergeLayers } from '../layers/merge-layers.ts';
import { readContent } from '../read-content.ts';
import { describeTree } from './describe-tree.fixture.ts';
import { aSolidFile, aDirectory, assertClean, memorySource, never } from './ext4.fixture.ts';
import { randomTree } from './random-tree.fixture.ts';
import { readExt4 } from './read-ext4.ts';
import { writeExt4 } from './write-ext4.ts';

const isRoot = process.getuid?.() === 0;

suite('ext4 files', () => {
  test('are clean, and read back as the tree that they were made of', async () => {
    await using dir = await openDir();
    await fc.assert(
      fc.asyncProperty(randomTree(), async (tree) => {
        const file = join(dir.path, 'any.ext4');
        await writeExt4(tree, { file, label: 'any' }, never);

        assertClean(file);
        assert.deepEqual(await describeTree(readExt4(file)), await describeTree(tree));
      }),
      { numRuns: 60 },
    );
  });

  test(
    'are for the kernel what they were made of',
    { skip: !isRoot && 'only root may mount' },
    async () => {
      await using dir = await openDir();
      const mountPoint = join(dir.path, 'mount');
      await mkdir(mountPoint);
      await fc.assert(
        fc.asyncProperty(randomTree(), async (tree) => {
          const file = join(dir.path, 'any.ext4');
          const path = join(dir.path, 'any.tar');
          await writeExt4(tree, { file, label: 'any' }, never);

          archiveMounted({ file, mountPoint, archive: path });

          const layers = [{ path, compression: 'none' }] as const;
          const seen = await mergeLayers({ layers }, never);
          assert.deepEqual(await describeTree(seen), await describeTree(tree));
        }),
        { numRuns: 25 },
      );
    },
  );

  for (const [what, options] of [
    ['as mkfs.ext4 makes them', []],
    ['with blocks of 1 KiB', ['-b', '1024', '-I', '128']],
    ['without extents in 64 bits', ['-O', '^64bit,^metadata_csum,^resize_inode']],
  ] as const) {
    test(`of others are read: ${what}`, async () => {
      await using dir = await openDir();
      const file = await madeByMkfs(dir.path, options);

      const root = readExt4(file);

      const large = findNode(root, '/deep/large');
      assert.ok(large?.kind === 'file');
      const content = await readContent(large, 10_000_000, never);
      assert.ok(content.equals(await readFile(join(dir.path, 'tree/deep/large'))));
      const link = findNode(root, '/link', { followLast: false });
      assert.ok(link?.kind === 'symlink');
      assert.equal(link.target, 'deep/large');
      const many = findNode(root, '/many');
      assert.ok(many?.kind === 'directory');
      assert.equal(many.children.size, 500);
    });
  }

  for (const [what, options, fact] of [
    ['inline data', ['-O', 'inline_data'], /inline_data, which is not read/],
    ['blocks as ext2 has them', ['-O', '^extents,^64bit'], /in a list, as ext2/],
  ] as const) {
    test(`of others are refused when they have ${what}`, async () => {
      await using dir = await openDir();
      const file = await madeByMkfs(dir.path, options);

      assert.throws(() => readExt4(file), { code: 'image.bad_content', message: fact });
    });
  }

  test('with directories deeper than a path can be are refused', async () => {
    await using dir = await openDir();
    const file = join(dir.path, 'deep.ext4');
    let deep = aDirectory({});
    for (let depth = 0; depth < 2048; depth += 1) deep = aDirectory({ d: deep });
    await writeExt4(deep, { file, label: 'x' }, never);

    assert.throws(() => readExt4(file), { code: 'image.bad_content', message: /deeper than/ });
  });

  test('that are cut short, or are something else, are refused by name', async () => {
    await using dir = await openDir();
    const file = join(dir.path, 'other');

    await writeFile(file, 'no disk');
    assert.throws(() => readExt4(file), {
      code: 'image.bad_content',
      message: /other.*ends before/,
    });
    await writeFile(file, Buffer.alloc(9000));
    assert.throws(() => readExt4(file), { code: 'image.bad_content', message: /is no ext4/ });
    await writeExt4(aDirectory({}), { file, label: 'x' }, never);
    await truncate(file, 8192);
    assert.throws(() => readExt4(file), { code: 'image.bad_content', message: /shorter than/ });
  });

  test('that are damaged anywhere are read or refused, and nothing else', async () => {
    await using dir = await openDir();
    const file = join(dir.path, 'any.ext4');
    const xattrs = new Map([['user.long', Buffer.alloc(300, 'x')]]);
    const one = aSolidFile(memorySource(9000), { sizeBytes: 9000 }, { xattrs });
    await writeExt4(aDirectory({ a: one, b: aDirectory({ c: one }) }), { file, label: 'x' }, never);
    const good = await readFile(file);

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        async (changes) => {
          const bad = Buffer.from(good);
          for (const [at, value] of changes) bad[at] = value;
          await writeFile(file, bad);
          try {
            readExt4(file);
          } catch (error) {
            assert.ok(
              error instanceof BangerError && error.code === 'image.bad_content',
              String(error),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function openDir() {
  return mkdtempDisposable(join(tmpdir(), 'banger-ext4-'));
}

/** What the kernel shows of a file system. The mount is gone with the process that sees it. */
function archiveMounted(of: {
  readonly file: string;
  readonly mountPoint: string;
  readonly archive: string;
}): void {
  const script = `mount -o loop,ro "$1" "$2" &&
    tar --create --file="$3" --directory="$2" --format=posix --numeric-owner \\
      --xattrs --xattrs-include='*' .`;
  const args = ['--mount', 'sh', '-c', script, 'sh', of.file, of.mountPoint, of.archive];
  execFileSync('unshare', args, { stdio: 'pipe' });
}

async function madeByMkfs(dir: string, options: readonly string[]): Promise<string> {
  const tree = join(dir, 'tree');
  await mkdir(join(tree, 'deep'), { recursive: true });
  await mkdir(join(tree, 'many'));
  await writeFile(join(tree, 'deep/large'), memorySource(3_000_000).bytes);
  await symlink('deep/large', join(tree, 'link'));
  for (let at = 0; at < 500; at += 1) await writeFile(join(tree, `many/file ${String(at)}`), '');
  const file = join(dir, 'made.ext4');
  const basics = ['-q', '-F', ...options, '-d', tree, file, '64M'];
  execFileSync('/usr/sbin/mkfs.ext4', basics, { stdio: 'pipe' });
  return file;
}
