import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { privateMappings, privateRuns } from './private-pages.ts';

const maps = [
  '7f0000000000-7f0000004000 rw-p 00001000 fe:00 4711                       /t/memory (deleted)',
  '7f0000004000-7f0000005000 rw-s 00001000 fe:00 4711                       /t/memory',
  '7f0000005000-7f0000006000 r--p 00000000 fe:00 4711                       /t/memory',
  '7f0000006000-7f0000007000 rw-p 00000000 00:00 0 ',
  '7f0000007000-7f0000008000 rw-p 00005000 fe:00 4711                       /with blanks/memory',
].join('\n');

/** An entry of the page map by its flags. */
function pagemap(...flags: readonly number[]): Buffer {
  return Buffer.concat(flags.map((flag) => Buffer.from([1, 2, 3, 4, 5, 6, 7, flag])));
}

suite('private pages of a mapped file', () => {
  test('are looked for where the file is mapped privately, whatever its name is by now', () => {
    assert.deepEqual(privateMappings(maps, 4711), [
      { startAddress: 0x7f0000000000, bytes: 0x4000, fileOffset: 0x1000 },
      { startAddress: 0x7f0000007000, bytes: 0x1000, fileOffset: 0x5000 },
    ]);
    assert.deepEqual(privateMappings(maps, 1), []);
  });

  test('are those that are there or swapped out and are not of the file, in runs', () => {
    const mapping = { startAddress: 0x10000, bytes: 6 * 4096, fileOffset: 0x2000 };
    // Own, own, the file's, absent, swapped out, own.
    const runs = privateRuns(mapping, pagemap(0x80, 0x80, 0xa0, 0x00, 0x40, 0x81));
    assert.deepEqual(runs, [
      { address: 0x10000, fileOffset: 0x2000, bytes: 8192 },
      { address: 0x14000, fileOffset: 0x6000, bytes: 8192 },
    ]);
  });

  test('may be none', () => {
    const mapping = { startAddress: 0, bytes: 4096, fileOffset: 0 };
    assert.deepEqual(privateRuns(mapping, pagemap(0xa0)), []);
  });
});
