import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createHostKeys } from './create-host-keys.ts';
import { createGivenUserKey, createOwnUserKey } from './create-user-key.ts';

const LINE = `ssh-rsa ${'A'.repeat(100)}==`;

async function open() {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-user-key-'));
  return {
    dir: dir.path,
    file: join(dir.path, 'key'),
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

suite("the user's ssh key", () => {
  test('of banger is made when it is first asked for, once, and for this user alone', async () => {
    await using subject = await open();
    const key = createOwnUserKey(subject.file, createHostKeys());
    assert.deepEqual(await readdir(subject.dir), []);

    const [one, two] = await Promise.all([key.publicKey(), key.publicKey()]);
    const later = await createOwnUserKey(subject.file, createHostKeys()).publicKey();

    assert.match(one, /^ssh-ed25519 AAAA/);
    assert.deepEqual([two, later], [one, one]);
    assert.equal((await stat(subject.file)).mode & 0o777, 0o600);
  });

  test('of banger that could not be made is tried again', async () => {
    await using subject = await open();
    const file = join(subject.dir, 'dir/key');
    await writeFile(join(subject.dir, 'dir'), '');
    const key = createOwnUserKey(file, createHostKeys());
    await assert.rejects(key.publicKey(), { code: 'host.path_unusable' });

    await rm(join(subject.dir, 'dir'));
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(subject.dir, 'dir'));

    assert.match(await key.publicKey(), /^ssh-ed25519 /);
  });

  test('of the user is read from the public file, without its comment', async () => {
    await using subject = await open();
    await writeFile(`${subject.file}.pub`, `${LINE} ana@example\n`);

    assert.equal(await createGivenUserKey(subject.file).publicKey(), LINE);
  });

  test('of the user without a public file is read from the private one', async () => {
    await using subject = await open();
    const { publicKey } = await createHostKeys().make(subject.file);

    assert.equal(await createGivenUserKey(subject.file).publicKey(), publicKey);
  });

  for (const [what, write, hint] of [
    ['is not there', {}, /^ssh-keygen -t ed25519 -f/],
    ['has a passphrase and no public file', { key: 'secret' }, /^ssh-keygen -y -f/],
    [
      'has a public file with options',
      { key: 'secret', 'key.pub': `command="x" ${LINE}` },
      /^ssh-keygen -y/,
    ],
  ] as const) {
    test(`that ${what} says what to do`, async () => {
      await using subject = await open();
      for (const [name, text] of Object.entries(write))
        await writeFile(join(subject.dir, name), text);

      await assert.rejects(createGivenUserKey(subject.file).publicKey(), {
        code: 'config.invalid',
        hint,
      });
    });
  }
});
