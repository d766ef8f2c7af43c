import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { dir, file, link, merged } from './layers/layers.fixture.ts';
import { findNode, resolvePath } from './resolve-path.ts';

const root = await merged([
  [
    ...[dir('usr'), dir('usr/lib'), file('usr/lib/a', 'a'), link('lib', 'usr/lib')],
    ...[link('abs', '/usr/lib/a'), link('up', '../../../usr'), link('out', '/../../etc/passwd')],
    ...[link('one', 'two'), link('two', 'one'), link('via', 'lib/../lib/a'), link('root', '/')],
    ...[link('dangling', 'usr/new/file'), link('usr/lib/rel', './a')],
  ],
]);

suite('a path in a root file system', () => {
  const found: Readonly<Record<string, string>> = {
    '/': '/',
    '': '/',
    'usr/lib/a': '/usr/lib/a',
    '/usr//./lib/../lib/a': '/usr/lib/a',
    'lib/a': '/usr/lib/a',
    abs: '/usr/lib/a',
    'up/lib/a': '/usr/lib/a',
    via: '/usr/lib/a',
    'lib/rel': '/usr/lib/a',
    'root/root/lib/a': '/usr/lib/a',
    '../../usr': '/usr',
    'lib/': '/usr/lib',
  };
  for (const [path, wanted] of Object.entries(found)) {
    test(`"${path}" is ${wanted}`, () => {
      const resolved = resolvePath(root, path);

      assert.ok(typeof resolved !== 'string' && resolved.node !== undefined);
      assert.equal(resolved.path, wanted);
      assert.equal(resolved.node, findNode(root, wanted));
    });
  }

  const missing: Readonly<Record<string, string>> = {
    'usr/new/file': '/usr/new/file',
    dangling: '/usr/new/file',
    'lib/x/../y': '/usr/lib/y',
    out: '/etc/passwd',
    'no/lib': '/no/lib',
  };
  for (const [path, wanted] of Object.entries(missing)) {
    test(`"${path}" would be ${wanted}, where nothing is`, () => {
      assert.deepEqual(resolvePath(root, path), { path: wanted, node: undefined });
      assert.equal(findNode(root, path), undefined);
    });
  }

  test('leads nowhere behind a file, and where links go round', () => {
    assert.equal(resolvePath(root, 'usr/lib/a/b'), 'not a directory');
    assert.equal(resolvePath(root, 'usr/lib/a/..'), 'not a directory');
    assert.equal(resolvePath(root, 'one'), 'too many links');
    assert.equal(findNode(root, 'one/x'), undefined);
  });

  test('may end with the link itself', () => {
    const resolved = resolvePath(root, '/lib/rel', { followLast: false });

    assert.ok(typeof resolved !== 'string');
    assert.deepEqual([resolved.path, resolved.node?.kind], ['/usr/lib/rel', 'symlink']);
    assert.equal(findNode(root, 'one', { followLast: false })?.kind, 'symlink');
    assert.equal(findNode(root, 'lib/', { followLast: false })?.kind, 'directory');
  });
});
