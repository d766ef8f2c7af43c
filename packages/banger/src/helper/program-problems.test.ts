import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { programProblems } from './program-problems.ts';

const skip = process.getuid?.() !== 0;

suite('what root runs for somebody', { skip }, () => {
  test('is a program that only root can change, also by a link to it', async () => {
    await using place = await somePlace();

    assert.deepEqual(await programProblems(place.program), []);
    assert.deepEqual(await programProblems(place.link), []);
  });

  for (const [what, spoil] of [
    ['belongs to somebody', (program: string) => chown(program, 1000, 0)],
    ['others may write', (program: string) => chmod(program, 0o775)],
    ['only root may run', (program: string) => chmod(program, 0o700)],
    ['is in a directory of somebody', (program: string) => chown(join(program, '..'), 1000, 0)],
    [
      'is in a directory that all may write',
      (program: string) => chmod(join(program, '..'), 0o1777),
    ],
  ] as const) {
    test(`is no program that ${what}`, async () => {
      await using place = await somePlace();
      await spoil(place.program);

      for (const name of [place.program, place.link]) {
        const [problem] = await programProblems(name);
        assert.match(problem?.what ?? '', /not root's alone/);
      }
    });
  }
});

/** Not in /tmp, where all may write. */
async function somePlace() {
  const dir = await mkdtemp('/var/lib/banger-programs-');
  const program = join(dir, 'bin', 'jailer');
  const link = join(dir, 'jailer');
  await chmod(dir, 0o755);
  await mkdir(join(program, '..'));
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  await symlink(program, link);
  return { program, link, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
