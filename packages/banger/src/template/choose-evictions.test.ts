import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TemplateId } from '@banger/protocol/ids';

import { chooseEvictions } from './choose-evictions.ts';

const idOf = (number: number) => TemplateId.parse(`tpl_${String(number).padStart(16, '0')}`);
const none: ReadonlySet<TemplateId> = new Set();

/** Number, and minute in which it was used; 10 bytes each. */
const template = (number: number, minute: number) => ({
  id: idOf(number),
  sizeBytes: 10,
  lastUsedAt: new Date(minute * 60_000).toISOString(),
});
const three = [template(1, 30), template(2, 10), template(3, 20)];

suite('choosing which templates go', () => {
  test('none does while all fit', () => {
    assert.deepEqual(chooseEvictions(three, { maxBytes: 30, keep: none }), []);
  });

  test('those that were used longest ago go, and no more than must', () => {
    assert.deepEqual(chooseEvictions(three, { maxBytes: 29, keep: none }), [idOf(2)]);
    assert.deepEqual(chooseEvictions(three, { maxBytes: 11, keep: none }), [idOf(2), idOf(3)]);
  });

  test('those that are kept stay, and others go in their stead', () => {
    const keep = new Set([idOf(2)]);

    assert.deepEqual(chooseEvictions(three, { maxBytes: 20, keep }), [idOf(3)]);
    assert.deepEqual(chooseEvictions(three, { maxBytes: 0, keep }), [idOf(3), idOf(1)]);
  });
});
