import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { nameOfText } from '../tar/byte-name.ts';
import { readIgnorePatterns } from './ignore-patterns.ts';
import { listWanted } from './list-wanted.ts';
import { readSource } from './read-source.ts';

const { signal } = new AbortController();

suite('the context of a build', () => {
  test('is what is not ignored, and the directories on the way to it', async () => {
    await using temp = await aTree(['a/keep', 'a/drop', 'b/c/keep', 'b/x', 'empty/', 'top']);
    await symlink('top', join(temp.path, 'link'));
    const patterns = readIgnorePatterns('a/drop\nb\n!b/c\n');

    const wanted = listWanted({ dir: nameOfText(temp.path), patterns, signal });

    assert.deepEqual([...wanted].toSorted(), [
      './a',
      './a/keep',
      './b',
      './b/c',
      './b/c/keep',
      './empty',
      './link',
      './top',
    ]);
  });

  test('leaves out what a Dockerfile’s own list names, before the shared one', async () => {
    await using temp = await aTree(['docker/app', 'docker/app.dockerignore', '.dockerignore']);
    await writeFile(join(temp.path, 'docker/app'), 'FROM scratch\n');
    await writeFile(join(temp.path, 'docker/app.dockerignore'), 'own\n');
    await writeFile(join(temp.path, '.dockerignore'), 'shared\n');

    const own = await readSource({ context: temp.path, dockerfile: join(temp.path, 'docker/app') });
    const shared = await readSource({ context: temp.path, dockerfile: { text: 'FROM x' } });

    assert.deepEqual(
      [own.patterns.isIgnored('own'), own.patterns.isIgnored('shared')],
      [true, false],
    );
    assert.equal(own.dockerfile.text, 'FROM scratch\n');
    assert.deepEqual(
      [shared.patterns.isIgnored('own'), shared.patterns.isIgnored('shared')],
      [false, true],
    );
  });

  for (const [what, source, message] of [
    ['no such directory', { context: '/nonexistent' }, /there is no such directory/],
    ['no Dockerfile', { context: '/proc/self/fdinfo' }, /Dockerfile": there is no such file/],
    ['a file as context', { context: '/etc/passwd' }, /it is not a directory/],
  ] as const) {
    test(`is refused: ${what}`, async () => {
      await assert.rejects(readSource(source), { code: 'build.invalid', message });
    });
  }
});

async function aTree(names: readonly string[]) {
  const temp = await mkdtempDisposable(join(tmpdir(), 'banger-context-'));
  for (const name of names) {
    const path = join(temp.path, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) await writeFile(path, name);
  }
  return temp;
}
