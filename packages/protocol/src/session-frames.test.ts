import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  inputFrame,
  noticeFrame,
  outputFrame,
  readSessionFrame,
  resizeFrame,
} from './session-frames.ts';

suite('frames of a session', () => {
  const piece = { offset: 2 ** 40 + 3, bytes: Buffer.from('héllo') };
  const read = (message: Uint8Array) => {
    const frame = readSessionFrame(message);
    return frame && 'bytes' in frame ? { ...frame, bytes: Buffer.from(frame.bytes) } : frame;
  };

  test('are read as they were written', () => {
    assert.deepEqual(read(outputFrame('stderr', piece)), {
      ...{ kind: 'output', stream: 'stderr', ...piece },
    });
    assert.deepEqual(read(inputFrame(piece, true)), { kind: 'input', isLast: true, ...piece });
    assert.deepEqual(read(resizeFrame({ rows: 3, cols: 4 })), {
      ...{ kind: 'resize', json: { rows: 3, cols: 4 } },
    });
    assert.deepEqual(read(noticeFrame({ kind: 'refused' })), {
      ...{ kind: 'notice', json: { kind: 'refused' } },
    });
  });

  test('are read wherever they lie in memory', () => {
    const frame = outputFrame('stdout', piece);
    const moved = Buffer.concat([Buffer.from('xyz'), frame]).subarray(3);

    assert.deepEqual(read(moved), read(frame));
  });

  for (const [name, bytes] of Object.entries({
    'nothing at all': [],
    'an unknown tag': [9, 1, 2, 3],
    'a piece of no offset': [1, 0, 0],
    'an offset beyond all numbers': [4, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    'no JSON': [0, 1, 2, 3],
  })) {
    test(`are not read from ${name}`, () => {
      assert.equal(readSessionFrame(Uint8Array.from(bytes)), undefined);
    });
  }
});
