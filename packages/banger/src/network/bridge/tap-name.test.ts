import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isTapOf, tapName } from './tap-name.ts';

const ana = '/home/ana/.local/state/banger';

test('the name of a tap is one that links can have, with any index', () => {
  for (const index of [1, 16, 253, 65_534]) {
    assert.match(tapName(ana, index), /^bgr[0-9a-f]{4}-\d+$/);
    assert.ok(tapName(ana, index).length <= 15);
  }
});

test('a tap is known by its name as that of one banger', () => {
  assert.ok(isTapOf(ana, tapName(ana, 17)));
  assert.ok(!isTapOf('/home/bob/.local/state/banger', tapName(ana, 17)));
  const other = tapName(ana, 17).replace(/-17$/, '');
  for (const name of [
    other,
    `${other}-`,
    `${other}-0`,
    `${other}-017`,
    `${other}-1x`,
    'eth0',
    '',
  ]) {
    assert.ok(!isTapOf(ana, name), name);
  }
});
