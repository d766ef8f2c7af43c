import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { childNames } from './fork-vm.ts';

suite('names of forks', () => {
  test('are as given for one, and numbered for several', () => {
    assert.deepEqual(childNames({ name: 'web', count: 1 }), ['web']);
    assert.deepEqual(childNames({ name: 'web', count: 3 }), ['web-1', 'web-2', 'web-3']);
  });

  test('are left to be made up where nothing was given', () => {
    assert.deepEqual(childNames({ count: 2 }), [undefined, undefined]);
  });

  test('are refused when the number makes them too long', () => {
    const name = 'a'.repeat(62);
    assert.throws(() => childNames({ name, count: 2 }), { code: 'usage.invalid' });
  });
});
