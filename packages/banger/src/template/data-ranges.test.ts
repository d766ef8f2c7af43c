import assert from 'node:assert/strict';
import { mkdtempDisposable, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { crc32 } from 'node:zlib';

import { createFakeProcesses } from '../host/fake-processes.ts';
import type { Processes } from '../host/processes.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createChecksum } from './checksum.ts';
import { createRangeFinder, parseExtents } from './data-ranges.ts';

const signal = new AbortController().signal;
const path = process.env['PATH'];
const MIB = 1024 * 1024;

const printed = (...lines: readonly string[]) =>
  [
    'Filesystem type is: ef53',
    'File size of memory is 16777216 (4096 blocks of 4096 bytes)',
    ' ext:     logical_offset:        physical_offset: length:   expected: flags:',
    ...lines,
    `memory: ${String(lines.length)} extents found\n`,
  ].join('\n');

suite('data in sparse files', () => {
  test('is in the extents that filefrag prints, those not yet written out too', () => {
    const text = printed(
      '   0:      256..     511:     131328..    131583:    256:            ',
      '   1:     1024..    1100:          0..         0:      0:             last,unknown_loc,delalloc',
    );

    assert.deepEqual(parseExtents(text, 16 * MIB), [
      { from: MIB, to: 2 * MIB },
      { from: 4 * MIB, to: 4 * MIB + 77 * 4096 },
    ]);
  });

  test('is taken together where little is between, and ends with the file', () => {
    const text = printed(
      '   0:        0..       0:     131328..    131328:      1:            ',
      '   1:        2..       2:     131330..    131330:      1:             last,eof',
    );

    assert.deepEqual(parseExtents(text, 10_000), [{ from: 0, to: 10_000 }]);
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['another text', 'memory: FIBMAP/FIEMAP unsupported\n'],
    ['fewer extents than it says', printed('   0: ?')],
    ['extents in disorder', printed('0: 9.. 9: 1.. 1: 1:', '1: 0.. 0: 1.. 1: 1:')],
  ] as const) {
    test(`is not known from ${what}`, () => {
      assert.equal(parseExtents(text, 16 * MIB), undefined);
    });
  }

  test('is everywhere where filefrag fails or is missing', async () => {
    const failing = createFakeProcesses({ filefrag: () => 22 });
    const none = createFakeProcesses({});

    for (const processes of [failing, none]) {
      const rangesIn = createRangeFinder({ processes, path });
      assert.deepEqual(await rangesIn('/memory', 5, signal), [{ from: 0, to: 5 }]);
    }
  });
});

suite('a checksum', () => {
  const content = Buffer.alloc(24 * MIB);
  content.write('first', 0);
  content.write('middle', 10 * MIB + 17);

  for (const [how, processes] of [
    ['with its holes skipped', createSystemProcesses()],
    ['with its holes read', createFakeProcesses({})],
  ] satisfies [string, Processes][]) {
    test(`is the CRC-32 of the whole content ${how}`, async () => {
      await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-checksum-'));
      const file = join(dir.path, 'memory');
      await using handle = await open(file, 'wx');
      await handle.truncate(content.length);
      await handle.write('first', 0);
      await handle.write('middle', 10 * MIB + 17);

      const sum = await createChecksum({ processes, path })(file, { signal });

      assert.equal(sum, crc32(content));
    });
  }

  test('of an empty file is 0', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-checksum-'));
    await using handle = await open(join(dir.path, 'empty'), 'wx');
    await handle.truncate(0);

    const processes = createSystemProcesses();
    const sum = await createChecksum({ processes, path })(join(dir.path, 'empty'), { signal });

    assert.equal(sum, 0);
  });
});
