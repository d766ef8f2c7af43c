import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { unpackLegacyLz4 } from './lz4-legacy.ts';

suite('unpacking LZ4', () => {
  test('gives back what the reference program packed', () => {
    // printf 'banger banger banger banger, machine\n' | lz4 -l | base64
    const packed = Buffer.from(packedSentence, 'base64');

    const unpacked = unpackLegacyLz4(packed, sentence.length);

    assert.equal(unpacked.toString(), sentence);
  });

  test('repeats a match that overlaps what it makes', () => {
    const block = Buffer.from([0x1f, 0x61, 1, 0, 10, 0x10, 0x62]);

    const unpacked = unpackLegacyLz4(frameOf(block), 31);

    assert.equal(unpacked.toString(), `${'a'.repeat(30)}b`);
  });

  test('gives back any literals', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (bytes) => {
        const data = Buffer.from(bytes);
        const unpacked = unpackLegacyLz4(frameOf(literalBlock(data)), data.length);
        assert.deepEqual(unpacked, data);
      }),
    );
  });

  test('never reads or writes out of bounds, whatever the input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (bytes, size) => {
        try {
          assert.equal(unpackLegacyLz4(frameOf(Buffer.from(bytes)), size).length, size);
        } catch (error) {
          assert.match(String(error), /LZ4/);
        }
      }),
    );
  });

  for (const [what, frame] of [
    ['another magic number', Buffer.from('04224d1800000000', 'hex')],
    ['a block longer than the frame', Buffer.from('02214c18ff000000', 'hex')],
    ['a match before the start', frameOf(Buffer.from([0x10, 0x61, 9, 0, 0x00]))],
    ['an end in the middle', frameOf(Buffer.from([0xf0, 0xff]))],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => unpackLegacyLz4(frame, 100), /LZ4/);
    });
  }
});

const sentence = 'banger banger banger banger, machine\n';
const packedSentence = 'AiFMGBYAAAB/YmFuZ2VyIAcAAaAsIG1hY2hpbmUK';

function frameOf(block: Buffer): Buffer {
  const header = Buffer.from('02214c1800000000', 'hex');
  header.writeUInt32LE(block.length, 4);
  return Buffer.concat([header, block]);
}

/** One sequence without a match. */
function literalBlock(data: Buffer): Buffer {
  if (data.length < 15) return Buffer.concat([Buffer.from([data.length << 4]), data]);
  const rest = data.length - 15;
  const more = [...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255];
  return Buffer.concat([Buffer.from([0xf0, ...more]), data]);
}
