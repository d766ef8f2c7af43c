import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { changeSshConfig, userSshConfig } from './user-ssh-config.ts';

const add = (text: string) => `new\n${text}`;
const remove = (text: string) => text.replace('new\n', '');

async function open() {
  const home = await mkdtempDisposable(join(tmpdir(), 'banger-home-'));
  const file = userSshConfig({ env: { HOME: home.path } });
  return {
    home: home.path,
    file,
    modeOf: async (path: string) => (await stat(path)).mode & 0o7777,
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

suite("the user's ssh configuration", () => {
  test('is made for this user alone, and goes when nothing is in it any more', async () => {
    await using subject = await open();

    assert.equal(await changeSshConfig(subject.file, add), true);
    assert.equal(await subject.modeOf(subject.file), 0o600);
    assert.equal(await subject.modeOf(join(subject.home, '.ssh')), 0o700);
    assert.equal(await changeSshConfig(subject.file, remove), true);

    assert.deepEqual(await readdir(join(subject.home, '.ssh')), []);
    assert.equal(await changeSshConfig(subject.file, remove), false);
  });

  test('keeps its mode and its bytes', async () => {
    await using subject = await open();
    await mkdir(join(subject.home, '.ssh'));
    const bytes = Buffer.from([0x48, 0xff, 0x0d, 0x0a, 0xc3, 0x28]);
    await writeFile(subject.file, bytes);
    await chmod(subject.file, 0o640);

    await changeSshConfig(subject.file, add);

    assert.deepEqual(await readFile(subject.file), Buffer.concat([Buffer.from('new\n'), bytes]));
    assert.equal(await subject.modeOf(subject.file), 0o640);
    assert.deepEqual(await readdir(join(subject.home, '.ssh')), ['config']);
  });

  test('is changed where a link leads, and stays a link', async () => {
    await using subject = await open();
    const dotfiles = join(subject.home, 'dotfiles');
    await mkdir(join(subject.home, '.ssh'));
    await mkdir(dotfiles);
    await writeFile(join(dotfiles, 'ssh'), 'Host *\n');
    await symlink('../dotfiles/ssh', subject.file);

    await changeSshConfig(subject.file, add);
    assert.equal(await readFile(join(dotfiles, 'ssh'), 'utf8'), 'new\nHost *\n');
    await changeSshConfig(subject.file, () => '');

    assert.equal(await readFile(subject.file, 'utf8'), '');
  });

  test('that cannot be used says which and why', async () => {
    await using subject = await open();
    await mkdir(subject.file, { recursive: true });

    await assert.rejects(changeSshConfig(subject.file, add), {
      code: 'host.path_unusable',
      message: /Cannot read ".*\/\.ssh\/config": EISDIR/,
    });
    assert.throws(() => userSshConfig({ env: {} }), { code: 'usage.invalid' });
  });
});
