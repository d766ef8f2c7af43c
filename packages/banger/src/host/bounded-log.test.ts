import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { boundLog } from './bounded-log.ts';
import { createSystemProcesses } from './system-processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'banger-bound-'));
after(() => rmSync(dir, { recursive: true }));
const MIB = 1024 * 1024;
const { signal: never } = new AbortController();

async function sizeAbove(file: string, bytes: number): Promise<number> {
  for (;;) {
    const { size } = await stat(file);
    if (size > bytes) return size;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

suite('the log of what writes endlessly', () => {
  test('is cut, and goes on at its new end without a hole', async () => {
    const file = join(dir, 'log');
    const command = ['/bin/sh', '-c', 'while :; do echo 0123456789; sleep 0.001; done'] as const;
    await using child = await createSystemProcesses().spawn(command, {
      logFile: file,
      signal: never,
    });
    for (let round = 0; round < 3; round += 1) {
      const before = await sizeAbove(file, 200);
      await boundLog(file, 100);
      await sizeAbove(file, before);
    }

    assert.ok(!child.gone.aborted);
    assert.doesNotMatch(await readFile(file, 'utf8'), /\0/);
  });

  test('keeps its last MiB', async () => {
    const file = join(dir, 'long');
    const command = ['/bin/sh', '-c', `head -c ${String(3 * MIB)} /dev/zero | tr '\\0' x`] as const;
    await using child = await createSystemProcesses().spawn(command, {
      logFile: file,
      signal: never,
    });
    await child.exited;

    await boundLog(file, 4 * MIB);
    assert.equal((await stat(file)).size, 3 * MIB);
    await boundLog(file, 2 * MIB);
    assert.equal((await stat(file)).size, MIB);
    await boundLog(join(dir, 'none'));
  });
});
