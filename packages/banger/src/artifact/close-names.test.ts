import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { closeNames, editDistance } from './close-names.ts';

const names = ['debian-bookworm', 'debian-bookworm-slim', 'alpine'];

suite('names close to what was typed', () => {
  test('are found with a slip or two', () => {
    assert.deepEqual(closeNames('debian-bokworm', names)[0], 'debian-bookworm');
  });

  test('are found by how they start', () => {
    assert.deepEqual(closeNames('debian', names), ['debian-bookworm', 'debian-bookworm-slim']);
  });

  test('are none when nothing is like it', () => {
    assert.deepEqual(closeNames('windows', names), []);
  });

  test('are measured the same from both sides', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const distance = editDistance(one, other);
        assert.equal(distance, editDistance(other, one));
        assert.equal(distance === 0, one === other);
      }),
    );
  });
});
