import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import type { Directory, FileNode } from '../file-tree.ts';
import {
  aDevice,
  aDirectory,
  aFifo,
  aFile,
  aLink,
  aSolidFile,
  assertClean,
  memorySource,
  never,
} from './ext4.fixture.ts';
import { writeExt4 } from './write-ext4.ts';

const memory = memorySource(1_000_000);

suite('an ext4 file', () => {
  test('of an empty tree is clean', async () => {
    await using made = await write(aDirectory({}));

    assertClean(made.file);
    assert.equal(made.sizeBytes, (await stat(made.file)).size);
  });

  test('of everything that there is, is clean and the same bytes twice', async () => {
    await using one = await write(everything());
    await using other = await write(everything());

    assertClean(one.file);
    assert.ok((await readFile(one.file)).equals(await readFile(other.file)));
    assert.equal(one.sha256, other.sha256);
  });

  test('has directories of a hundred thousand names, found by hash', async () => {
    await using made = await write(aDirectory({ many: manyFiles(100_000) }));

    assertClean(made.file);
  });

  test('has room for more inodes than blocks would have', async () => {
    await using made = await write(aDirectory({ a: manyFiles(40_000), b: manyFiles(40_000) }));

    assertClean(made.file);
    assert.ok(made.sizeBytes < 80_000 * 256 * 1.5);
  });

  test('counts no more directories than can be counted', async () => {
    const children = Object.fromEntries(
      Array.from({ length: 65_000 }, (_, at) => [`d${String(at)}`, aDirectory({})]),
    );
    await using made = await write(aDirectory(children));

    assertClean(made.file);
  });

  for (const [what, node, fact] of [
    ['too many names', linked(65_001), /has 65001 names/],
    ['attributes of no known kind', withXattr('system.other', 1), /which ext4 cannot keep/],
    ['too much in attributes', withXattr('user.large', 4096), /more extended attributes than/],
  ] as const) {
    test(`that would have ${what} is refused by its path`, async () => {
      await assert.rejects(write(aDirectory({ srv: node })), {
        code: 'image.bad_content',
        message: fact,
      });
    });
  }
});

function everything(): Directory {
  const shared = aSolidFile(memory, { from: 10, sizeBytes: 777 }, { mode: 0o4755 });
  const holes = Array.from({ length: 2000 }, (_, at) => ({
    at: at * 10_000_000 + (at % 3) * 100,
    from: at * 500,
    sizeBytes: 500,
  }));
  return aDirectory({
    empty: aSolidFile(memory, { sizeBytes: 0 }),
    'some content': aSolidFile(memory, { from: 3, sizeBytes: 5000 }),
    one: shared,
    dir: aDirectory({ other: shared, deep: aDirectory({}) }, { mtimeNs: -5_000_000_001n }),
    link: aLink('dir/deep'),
    'link 59': aLink('y'.repeat(59)),
    'link 60': aLink('y'.repeat(60)),
    'link 4095': aLink('y'.repeat(4095)),
    null: aDevice('char', 1, 3),
    disk: aDevice('block', 259, 70_000),
    pipe: aFifo(),
    holes: aFile({ sizeBytes: 20 * 2 ** 30, source: memory, segments: holes }),
    'user ids': aSolidFile(memory, { sizeBytes: 3 }, { uid: 2 ** 32 - 2, gid: 70_000 }),
    2446: aSolidFile(memory, { sizeBytes: 3 }, { mtimeNs: 15_032_385_535n * 10n ** 9n }),
    later: aSolidFile(memory, { sizeBytes: 3 }, { mtimeNs: 99_032_385_535n * 10n ** 9n }),
    ['n'.repeat(255)]: aFifo(),
    'no \xe4\xff text': aFifo(),
    xattrs: aSolidFile(
      memory,
      { sizeBytes: 9 },
      {
        xattrs: new Map([
          ['user.large', Buffer.alloc(3000, 'q')],
          ['user.empty', Buffer.alloc(0)],
          ['user.b\xff', Buffer.alloc(101, 'z')],
          ['trusted.t', Buffer.from('t')],
        ]),
      },
    ),
    many: manyFiles(3000),
  });
}

function manyFiles(count: number): Directory {
  const names = Array.from(
    { length: count },
    (_, at) => `file-${String(at)}-${'é'.repeat(at % 50)}`,
  );
  return aDirectory(
    Object.fromEntries(names.map((name) => [name, aSolidFile(memory, { sizeBytes: 0 })])),
  );
}

function linked(names: number): FileNode {
  const file = aSolidFile(memory, { sizeBytes: 1 });
  return aDirectory(
    Object.fromEntries(Array.from({ length: names }, (_, at) => [String(at), file])),
  );
}

function withXattr(name: string, valueBytes: number): FileNode {
  return aSolidFile(
    memory,
    { sizeBytes: 1 },
    { xattrs: new Map([[name, Buffer.alloc(valueBytes)]]) },
  );
}

async function write(root: Directory) {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-ext4-'));
  try {
    const file = join(dir.path, 'made.ext4');
    const written = await writeExt4(root, { file, label: 'test' }, never);
    return { ...written, file, [Symbol.asyncDispose]: () => dir.remove() };
  } catch (error) {
    await dir.remove();
    throw error;
  }
}
