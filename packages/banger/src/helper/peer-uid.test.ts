import assert from 'node:assert/strict';
import { test } from 'node:test';

import { peerUid } from './peer-uid.ts';

for (const [instance, uid] of [
  ['0-4711-1000', 1000],
  ['12-88123-4711-1000', 1000],
  ['12-88123-4711_99887766-1000', 1000],
  ['3-1-0', 0],
  ['3-unknown', undefined],
  ['3-88123-unknown', undefined],
  ['1000', undefined],
  ['-1000', undefined],
  ['0-4711-1000\n', undefined],
  ['0-4711-', undefined],
  ['4-127.0.0.1:80-127.0.0.1:1000', undefined],
  ['', undefined],
] as const) {
  test(`the peer of "${instance.trim()}" is ${uid === undefined ? 'unknown' : `uid ${String(uid)}`}`, () => {
    assert.equal(peerUid(instance), uid);
  });
}
