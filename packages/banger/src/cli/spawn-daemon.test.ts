import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { spawnDaemon } from './spawn-daemon.ts';

suite('a spawned daemon', () => {
  test('is heard on descriptor 3, in a session of its own', async () => {
    await using program = await aProgram(
      'read _ _ _ _ pgrp session _ </proc/self/stat; echo $session >&3',
    );

    const child = spawnDaemon(program.path, process.env);
    const line = await child.line;
    child.release();

    assert.match(line ?? '', /^\d+$/);
    assert.notEqual(line, String(process.pid));
  });

  test('that ends without a word is known by how it ended', async () => {
    await using program = await aProgram('exit 3');

    const child = spawnDaemon(program.path, process.env);

    assert.equal(await child.line, undefined);
    assert.equal(await child.ended, 'exited with status 3');
  });

  test('that is not there is reported, not thrown', async () => {
    const child = spawnDaemon('/nowhere/bangerd', process.env);

    assert.match(await child.ended, /^could not be executed: .*ENOENT/);
  });
});

async function aProgram(script: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'banger-program-'));
  const path = join(directory, 'program');
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    path,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
