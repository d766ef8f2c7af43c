import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { readCpio } from '../../../../test/support/read-cpio.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';

suite('a cpio archive', () => {
  test('is laid out as the kernel reads it', () => {
    const archive = writeCpio([
      { kind: 'directory', path: 'dev', mode: 0o755 },
      { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('agent') },
    ]);

    assert.deepEqual(readCpio(archive), [
      { path: 'dev', mode: 0o40755, device: '0:0', data: '' },
      { path: 'dev/console', mode: 0o20600, device: '5:1', data: '' },
      { path: 'init', mode: 0o100755, device: '0:0', data: 'agent' },
      { path: 'TRAILER!!!', mode: 0, device: '0:0', data: '' },
    ]);
  });

  test('gives back any files, each on a boundary of four bytes', () => {
    const file = fc.record({
      path: fc.stringMatching(/^[a-z]{1,40}$/),
      data: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 10 }), (files) => {
        const entries = files.map(({ path, data }): CpioEntry => {
          return { kind: 'file', path, mode: 0o644, data: Buffer.from(data) };
        });
        const archive = writeCpio(entries);
        const read = readCpio(archive).slice(0, -1);
        assert.equal(archive.length % 4, 0);
        assert.deepEqual(
          read.map(({ path, data }) => [path, data]),
          files.map(({ path, data }) => [path, Buffer.from(data).toString('latin1')]),
        );
      }),
    );
  });
});
