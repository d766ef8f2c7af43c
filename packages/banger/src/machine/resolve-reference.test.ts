import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { resolveReference } from './resolve-reference.ts';

const things = [
  { id: 'vm_aaaa000000', name: 'web' },
  { id: 'vm_aabb000000', name: 'db' },
  { id: 'vm_cccc000000', name: 'aa' },
];

suite('references', () => {
  for (const [reference, name] of [
    ['web', 'web'],
    ['vm_aabb000000', 'db'],
    ['vm_c', 'aa'],
    ['aab', 'db'],
    ['aa', 'aa'], // A full name wins over a prefix.
  ] as const) {
    test(`"${reference}" is ${name}`, () => {
      assert.equal(resolveReference(reference, things).name, name);
    });
  }

  test('names the candidates of an ambiguous prefix', () => {
    assert.throws(() => resolveReference('vm_aa', things), {
      code: 'vm.ambiguous',
      message: 'Cannot tell which VM "vm_aa" is: web, db match',
    });
  });

  test('says so when there is none', () => {
    assert.throws(() => resolveReference('nope', things), { code: 'vm.not_found' });
  });
});
