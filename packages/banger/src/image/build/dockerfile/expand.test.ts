import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { expandWord, expandWords, keep, keepAll, type LookUp } from './expand.ts';

const values: Readonly<Record<string, string>> = {
  x: 'one',
  two: 'a b',
  empty: '',
  file: 'dir/name.tar.gz',
};
const lookUp: LookUp = (name) => values[name];
const options = { escape: '\\', lookUp };

suite('a word of a Dockerfile', () => {
  // As BuildKit's frontend/dockerfile/shell/envVarTest has them.
  const table: Readonly<Record<string, string>> = {
    'he$x.': 'heone.',
    'he${x}xx': 'heonexx',
    'he\\$x': 'he$x',
    "he'$x'": 'he$x',
    'he"$x"': 'heone',
    '"he\\$x"': 'he$x',
    '"he\\a"': 'he\\a',
    'he\\\\a': 'he\\a',
    '$unset.': '.',
    $: '$',
    a$: 'a$',
    'a b': 'a b',
    '${unset:-w}': 'w',
    '${empty:-w}': 'w',
    '${empty-w}': '',
    '${unset-w}': 'w',
    '${x:-w}': 'one',
    '${x:+w}': 'w',
    '${empty:+w}': '',
    '${empty+w}': 'w',
    '${unset+w}': '',
    '${unset:-$x}': 'one',
    '${unset:-${x}y}': 'oney',
    "${unset:-'}'}": '}',
    '"${two}"': 'a b',
    '${file#*/}': 'name.tar.gz',
    '${file%.*}': 'dir/name.tar',
    '${file%%.*}': 'dir/name',
    '${x?must}': 'one',
  };
  for (const [written, meant] of Object.entries(table)) {
    test(`${written} means ${JSON.stringify(meant)}`, () => {
      assert.equal(expandWord(written, options), meant);
    });
  }

  const refused = ['"a', "'a", '${x', '${', '${x:-w', '${x^^}', '${unset:?it is needed}'];
  for (const written of refused) {
    test(`${written} is refused`, () => {
      assert.throws(() => expandWord(written, options), { name: 'DockerfileProblem' });
    });
  }

  test('values outside of quotes are cut at blanks, others are not', () => {
    assert.deepEqual(expandWords('$two "$two" c\\ d \'e f\' ""', options), [
      ...['a', 'b', 'a b', 'c d', 'e f', ''],
    ]);
  });

  test('a variable that is to be kept stays as it is written', () => {
    const some: LookUp = (name) => (name === 'x' ? 'one' : keep);
    assert.equal(expandWord('$x ${y:-$x} "$z"', { escape: '\\', lookUp: some }), 'one ${y:-$x} $z');
  });

  test('another escape leaves backslashes alone', () => {
    assert.equal(expandWord('C:\\a`$x', { escape: '`', lookUp }), 'C:\\a$x');
  });

  test('what needs no substitution stays as it is, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll(/[$\\'"]/g, '');
        assert.equal(expandWord(plain, options), plain);
        assert.equal(expandWord(`'${plain}'`, options), plain);
      }),
    );
  });

  test('whatever is written, reading it ends, and raw words are pieces of it', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('$', 'x', '{', '}', ':', '-', '+', '\\', "'", '"', ' '),
        }),
        (text) => {
          try {
            for (const word of expandWords(text, { escape: '\\', lookUp: keepAll, isRaw: true })) {
              assert.ok(text.includes(word), `${word} is not in ${text}`);
            }
          } catch (error) {
            assert.equal((error as Error).name, 'DockerfileProblem');
          }
        },
      ),
    );
  });
});
