import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { payloadOf } from './bz-image.ts';
import { unpackVmlinuz } from './unpack-vmlinuz.ts';

suite('a vmlinuz', () => {
  test('gives the ELF file that it holds', () => {
    const kernel = unpackVmlinuz(bzImage(packed('\x7fELF!')));

    assert.equal(kernel.toString('latin1'), '\x7fELF!');
  });

  test('is refused when it holds something else', () => {
    assert.throws(() => unpackVmlinuz(bzImage(packed('hello'))), /not an ELF/);
  });

  test('is refused when its payload lies beyond its end', () => {
    const image = bzImage(packed('\x7fELF!'));

    assert.throws(() => payloadOf(image.subarray(0, -1)), /payload would be/);
  });

  test('is refused without the header of the boot protocol', () => {
    assert.throws(() => payloadOf(Buffer.alloc(4096)), /not a bzImage/);
    assert.throws(() => payloadOf(Buffer.from('short')), /not a bzImage/);
  });

  test('is refused when it claims to hold more than any kernel', () => {
    const payload = packed('\x7fELF!');
    payload.writeUInt32LE(0x7fffffff, payload.length - 4);

    assert.throws(() => unpackVmlinuz(bzImage(payload)), /claims/);
  });
});

/** As the kernel's build appends it: one block of literals, then the unpacked length. */
function packed(text: string): Buffer {
  const data = Buffer.from(text, 'latin1');
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32LE(0x184c2102, 0);
  bytes.writeUInt32LE(data.length + 1, 4);
  bytes.writeUInt8(data.length << 4, 8);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([bytes, data, length]);
}

function bzImage(payload: Buffer): Buffer {
  const setup = Buffer.alloc(1024); // One sector of set-up code after the boot sector.
  setup.writeUInt8(1, 0x1f1);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x20f, 0x206);
  setup.writeUInt32LE(0, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, payload]);
}
