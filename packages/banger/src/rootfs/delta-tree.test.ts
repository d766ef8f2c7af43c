import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { deltaTree } from './delta-tree.ts';
import { aDirectory, aSolidFile, memorySource } from './ext4/ext4.fixture.ts';
import type { Directory, FileNode } from './file-tree.ts';

const memory = memorySource(10);
const aNode = () => aSolidFile(memory, { sizeBytes: 1 });

suite('what a tree has other than its base', () => {
  test('is nothing when they are the same', () => {
    const base = aDirectory({ a: aNode(), b: aDirectory({ c: aNode() }) });

    assert.deepEqual(namesIn(deltaTree(base, base)), []);
  });

  test('is what is new or another, and a whiteout for what is gone', () => {
    const kept = aNode();
    const same = aDirectory({ untouched: aNode() });
    const base = aDirectory({ dir: aDirectory({ kept, gone: aNode(), other: aNode() }), same });
    const merged = aDirectory({ dir: aDirectory({ kept, other: aNode(), fresh: aNode() }), same });

    const names = namesIn(deltaTree(base, merged));

    assert.deepEqual(names, [
      'dir/ directory',
      'dir/other file',
      'dir/fresh file',
      'dir/gone char',
    ]);
  });

  test('has a directory whose owner alone is another, without what is in it', () => {
    const children = { a: aNode() };
    const base = aDirectory({ dir: aDirectory(children) });
    const merged = aDirectory({ dir: aDirectory(children, { uid: 5 }) });

    const delta = deltaTree(base, merged);

    assert.deepEqual(namesIn(delta), ['dir/ directory']);
    assert.equal(delta.children.get('dir')?.uid, 5);
  });

  test('has all names of an inode that has got one more', () => {
    const shared = aNode();
    const deep = aDirectory({ one: shared, other: aNode() });
    const base = aDirectory({ deep });
    const merged = aDirectory({ deep, again: shared });

    const delta = deltaTree(base, merged);

    assert.deepEqual(namesIn(delta), ['deep/ directory', 'deep/one file', 'again file']);
  });
});

function namesIn(dir: Directory, above = ''): string[] {
  return [...dir.children].flatMap(([name, node]: [string, FileNode]) =>
    node.kind === 'directory'
      ? [`${above}${name}/ directory`, ...namesIn(node, `${above}${name}/`)]
      : [`${above}${name} ${node.kind}`],
  );
}
