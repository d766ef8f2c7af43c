import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { median, summarize } from './statistics.ts';

suite('a median', () => {
  test('is the middle one, whatever the order and the outliers', () => {
    assert.equal(median([9, 1, 1000]), 9);
    assert.equal(median([7]), 7);
  });

  test('of an even number lies between the two in the middle', () => {
    assert.equal(median([4, 1, 2, 100]), 3);
  });

  test('of nothing does not exist', () => {
    assert.throws(() => median([]), /at least one/);
  });
});

test('pairs are summarized as medians and the ratio of those', () => {
  const pairs = [
    { value: 30, floor: 20 },
    { value: 90, floor: 10 },
    { value: 20, floor: 30 },
  ];
  assert.deepEqual(summarize(pairs), { value: 30, floor: 20, ratio: 1.5, runs: 3 });
});
