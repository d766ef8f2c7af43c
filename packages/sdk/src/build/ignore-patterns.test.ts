import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { readIgnorePatterns } from './ignore-patterns.ts';

suite('.dockerignore', () => {
  // As github.com/moby/patternmatcher's own tests have them.
  const matches: readonly (readonly [pattern: string, path: string, isIgnored: boolean])[] = [
    ['**', 'file', true],
    ['**', 'dir/file', true],
    ['**/file', 'file', true],
    ['**/file', 'dir/dir/file', true],
    ['**/**', 'dir/file', true],
    ['dir/**', 'dir/file', true],
    ['dir/**', 'dir', false],
    ['dir/**/file', 'dir/file', true],
    ['dir/**/file', 'dir/a/b/file', true],
    ['**/*.txt', 'a/b.txt', true],
    ['**file', 'file', true],
    ['a*/b', 'abc/b', true],
    ['*', 'dir/file', true],
    ['*.go', 'dir/x.go', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c].txt', 'b.txt', true],
    ['[^a-c].txt', 'b.txt', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a.b', 'axb', false],
    ['/file', 'file', true],
    ['./file', 'file', true],
    ['dir/', 'dir', true],
    ['dir/../file', 'file', true],
    ['dir', 'dir/deep/file', true],
    ['dir', 'dirx', false],
    ['(a|b)', 'a', false],
    ['  spaced  ', 'spaced', true],
    ['# comment', '# comment', false],
    ['.', 'anything', true],
  ];
  for (const [pattern, path, isIgnored] of matches) {
    test(`"${pattern}" ${isIgnored ? 'leaves out' : 'takes'} "${path}"`, () => {
      assert.equal(readIgnorePatterns(pattern).isIgnored(path), isIgnored);
    });
  }

  test('takes again what an exception after it names, and the last one counts', () => {
    const patterns = readIgnorePatterns('*.md\n!README*.md\nREADME-secret.md\ndocs\n!docs/keep\n');

    assert.deepEqual(
      ['a.md', 'README.md', 'README-secret.md', 'docs/x', 'docs/keep', 'docs/keep/y'].filter(
        (path) => !patterns.isIgnored(path),
      ),
      ['README.md', 'docs/keep', 'docs/keep/y'],
    );
    assert.equal(patterns.hasExceptions, true);
  });

  test('says which line is no pattern', () => {
    assert.throws(() => readIgnorePatterns('a\n!\n'), { message: '"!" alone is no pattern' });
  });

  test('a path leaves itself out, whatever its characters are', () => {
    const part = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const names = parts.map((name) => name.replaceAll(/[/\s!#]/g, '_'));
        fc.pre(names.every((name) => !/^\.+$/.test(name)));
        const path = names.join('/');
        const escaped = path.replaceAll(/[\\*?[\]]/g, '\\$&');
        assert.ok(readIgnorePatterns(escaped).isIgnored(path));
        assert.ok(readIgnorePatterns(escaped).isIgnored(`${path}/below`));
        assert.ok(!readIgnorePatterns(escaped).isIgnored(`x${path}`));
      }),
    );
  });
});
