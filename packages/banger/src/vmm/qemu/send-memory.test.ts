import assert from 'node:assert/strict';
import { test } from 'node:test';

import { downtimeOfPass } from './send-memory.ts';

test('gives a guest that writes faster than it is sent ever longer, and stops it in the end', () => {
  const passes = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(downtimeOfPass);

  assert.deepEqual(passes, [40, 40, 40, 80, 80, 160, 160, 'stop', 'stop']);
});
