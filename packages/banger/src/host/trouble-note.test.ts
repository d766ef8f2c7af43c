import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TroubleNote } from './trouble-note.ts';

test('a trouble is told once, and again after another one or after it was over', () => {
  const told: unknown[] = [];
  const trouble = new TroubleNote((error) => told.push(error));

  for (const error of ['full', new Error('full'), new Error('gone'), 'full']) trouble.note(error);
  assert.equal(trouble.text, 'full');
  trouble.clear();
  assert.equal(trouble.text, undefined);
  trouble.note('full');

  assert.deepEqual(told, ['full', new Error('gone'), 'full', 'full']);
});
