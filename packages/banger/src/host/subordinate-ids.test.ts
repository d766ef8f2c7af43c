import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { freeSubordinates } from './subordinate-ids.ts';

suite('subordinate ids to suggest', () => {
  for (const [files, range] of [
    [['', ''], '100000-165535'],
    [['ana:100000:65536\n', 'ana:100000:65536\n'], '165536-231071'],
    [['ana:100000:65536\nben:300000:65536\n', ''], '365536-431071'],
    [['rubbish\n:::\n', ''], '100000-165535'],
  ] as const) {
    test(`after ${JSON.stringify(files)} are ${range}`, () => {
      assert.equal(freeSubordinates(files), range);
    });
  }
});
