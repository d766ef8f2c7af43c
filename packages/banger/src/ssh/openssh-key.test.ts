import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { hostKeyOf, parseHostKey } from './openssh-key.ts';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const check = fc.nat(0xffff_ffff);
const aKey = hostKeyOf({ seed: Buffer.alloc(32, 1), point: Buffer.alloc(32, 2) }, 3);

/** The key with other bytes in its blob */
function changed(change: (blob: Buffer) => Buffer): string {
  const [begin = '', ...lines] = aKey.privateKey.trim().split('\n');
  const end = lines.pop() ?? '';
  const blob = change(Buffer.from(lines.join(''), 'base64'));
  return `${begin}\n${blob.toString('base64')}\n${end}\n`;
}

suite('private keys of OpenSSH', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(bytes, bytes, check, (seed, point, number) => {
        const key = hostKeyOf({ seed, point }, number);
        assert.deepEqual(parseHostKey(key.privateKey), key);
      }),
    );
  });

  test('have lines of at most 70 characters and whole blocks', () => {
    const lines = aKey.privateKey.split('\n');
    const blob = Buffer.from(lines.slice(1, -2).join(''), 'base64');
    const publicBytes = 4 + 11 + 4 + 32;
    const headBytes = 'openssh-key-v1\0'.length + 8 + 8 + 4 + 4 + 4 + publicBytes + 4;

    assert.ok(lines.every((line) => line.length <= 70));
    assert.equal((blob.length - headBytes) % 8, 0);
  });

  test('have a public key with its type and its 32 bytes', () => {
    const [type, key = ''] = aKey.publicKey.split(' ');
    const blob = Buffer.from(key, 'base64');

    assert.equal(type, 'ssh-ed25519');
    assert.equal(blob.toString('latin1', 4, 15), 'ssh-ed25519');
    assert.deepEqual(blob.subarray(-32), Buffer.alloc(32, 2));
  });

  for (const [what, text] of [
    ['an empty text', ''],
    ['another kind of PEM', aKey.privateKey.replaceAll('OPENSSH', 'RSA')],
    ['half a key', changed((blob) => blob.subarray(0, 100))],
    ['another magic', changed((blob) => Buffer.concat([Buffer.from('x'), blob.subarray(1)]))],
    ['a length beyond its end', changed((blob) => Buffer.from(blob).fill(0xff, 15, 19))],
    ['a public key that is not the private one’s', changed((blob) => flip(blob, 15 + 28 + 40))],
    ['nothing but zeros', changed((blob) => Buffer.alloc(blob.length))],
  ] as const) {
    test(`${what} is none`, () => {
      assert.equal(parseHostKey(text), undefined);
    });
  }

  test('any change is read as some key or as none, and never throws', () => {
    fc.assert(
      fc.property(fc.nat(230), fc.nat(255), (at, value) => {
        parseHostKey(changed((blob) => Buffer.from(blob).fill(value, at, at + 1)));
      }),
    );
  });
});

function flip(blob: Buffer, at: number): Buffer {
  const other = Buffer.from(blob);
  other.writeUInt8(other.readUInt8(at) ^ 1, at);
  return other;
}
