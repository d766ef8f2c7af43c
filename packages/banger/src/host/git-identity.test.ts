import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createGitUser, parseIdentity } from './git-identity.ts';
import type { Processes } from './processes.ts';

suite('the user as git knows them', () => {
  test('is asked of git once, until a file changes', async () => {
    using home = scratch();
    const git = fakeGit('user.name\nAna\0user.email\nana@example.org\0');
    const user = createGitUser({ processes: git, env: { HOME: home.dir } });

    assert.equal(await user.identity(), undefined);
    assert.equal(git.runs, 0);
    writeFileSync(join(home.dir, '.gitconfig'), 'x');
    const first = await user.identity();
    await user.identity();
    assert.equal(git.runs, 1);
    writeFileSync(join(home.dir, '.gitconfig'), 'xy');
    await user.identity();

    assert.deepEqual(first, { name: 'Ana', email: 'ana@example.org' });
    assert.equal(git.runs, 2);
  });

  test('is nobody where git is missing or fails', async () => {
    using home = scratch();
    writeFileSync(join(home.dir, '.gitconfig'), 'x');
    const env = { HOME: home.dir };
    const missing = { ...fakeGit(''), find: () => Promise.resolve(undefined) };
    const failing = { ...fakeGit(''), run: () => Promise.reject(new Error('failed')) };

    for (const processes of [missing, failing, fakeGit('')]) {
      assert.equal(await createGitUser({ processes, env }).identity(), undefined);
    }
  });

  test('is the last that is said, in one line', () => {
    const identity = parseIdentity('user.name\nA\0user.name\nB\0user.email\ntwo\nlines\0');

    assert.deepEqual(identity, { name: 'B', email: '' });
    assert.equal(parseIdentity(`user.name\n${'x'.repeat(300)}\0`), undefined);
  });
});

function fakeGit(stdout: string): Pick<Processes, 'find' | 'run'> & { readonly runs: number } {
  let runs = 0;
  return {
    get runs() {
      return runs;
    },
    find: () => Promise.resolve('/usr/bin/git'),
    run() {
      runs += 1;
      return Promise.resolve({ exitCode: 0, signal: null, stdout, stderr: '' });
    },
  };
}

function scratch(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'banger-git-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
