import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';

import fc from 'fast-check';

import { crcWithZeros } from './crc-with-zeros.ts';

test('zeros that are not read count like those that are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(100_000), (content, zeroBytes) => {
      const read = crc32(Buffer.concat([content, Buffer.alloc(zeroBytes)]));

      assert.equal(crcWithZeros(crc32(content), zeroBytes), read);
    }),
  );
});

test('more zeros than fit into 32 bits are so many times fewer', () => {
  const sum = crc32('content');
  const step = 3 * 1024 ** 3;

  const inTurn = [1, 2, 3].reduce((before) => crcWithZeros(before, step), sum);

  assert.equal(crcWithZeros(sum, 3 * step), inTurn);
});
