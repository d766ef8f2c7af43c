import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { hostKeysContract } from '../../../../test/contract/host-keys.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createHostKeys } from './create-host-keys.ts';

const signal = new AbortController().signal;
const processes = createSystemProcesses();
const sshKeygen = await processes.find('ssh-keygen');
const skip = sshKeygen === undefined ? 'ssh-keygen is not installed' : false;

async function open() {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-host-keys-'));
  return {
    hostKeys: createHostKeys(),
    dir: dir.path,
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

hostKeysContract('real host keys', open);

suite('host keys in files', () => {
  test('OpenSSH reads the same public key from the private one', { skip }, async () => {
    await using subject = await open();
    const file = join(subject.dir, 'key');

    const { publicKey } = await subject.hostKeys.make(file);
    const { stdout, stderr } = await processes.run(['ssh-keygen', '-y', '-f', file], { signal });

    assert.equal(stdout.trim(), publicKey, stderr);
  });

  test('OpenSSH signs with the private key what the public key verifies', { skip }, async () => {
    await using subject = await open();
    const file = join(subject.dir, 'key');
    const { publicKey } = await subject.hostKeys.make(file);
    await writeFile(join(subject.dir, 'allowed'), `vm ${publicKey}\n`);

    const signing = ['-Y', 'sign', '-n', 'test', '-f', file];
    const signed = await processes.run(['ssh-keygen', ...signing], { signal, stdin: 'content' });
    await writeFile(join(subject.dir, 'signature'), signed.stdout);
    const identity = ['-Y', 'verify', '-n', 'test', '-I', 'vm'];
    const places = ['-f', join(subject.dir, 'allowed'), '-s', join(subject.dir, 'signature')];
    const verified = await processes.run(['ssh-keygen', ...identity, ...places], {
      signal,
      stdin: 'content',
    });

    assert.equal(verified.exitCode, 0, verified.stderr + signed.stderr);
  });

  test('a key that OpenSSH has made is kept', { skip }, async () => {
    await using subject = await open();
    const file = join(subject.dir, 'key');
    const making = ['-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', file];
    await processes.run(['ssh-keygen', ...making], { signal });
    const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');

    const made = await subject.hostKeys.make(file);

    assert.equal(made.publicKey, `${String(type)} ${String(key)}`);
    assert.equal(made.privateKey, await readFile(file, 'utf8'));
  });

  test('the file is for this user alone, and nothing else is beside it', async () => {
    await using subject = await open();
    const file = join(subject.dir, 'key');

    const { privateKey } = await subject.hostKeys.make(file);

    assert.deepEqual(await readdir(subject.dir), ['key']);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(await readFile(file, 'utf8'), privateKey);
  });

  test('a file that a crash has left empty gets a key', async () => {
    await using subject = await open();
    const file = join(subject.dir, 'key');
    await writeFile(file, '');

    const made = await subject.hostKeys.make(file);

    assert.equal(await readFile(file, 'utf8'), made.privateKey);
  });

  test('a key that cannot be written says which', async () => {
    await using subject = await open();
    await writeFile(join(subject.dir, 'file'), '');

    const made = subject.hostKeys.make(join(subject.dir, 'file/key'));

    await assert.rejects(made, { code: 'host.path_unusable', message: /file\/key/ });
  });
});
