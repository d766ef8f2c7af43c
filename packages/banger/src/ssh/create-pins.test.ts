import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { VmId } from '@banger/protocol/ids';

import { aPin, pinsContract } from '../../../../test/contract/pins.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createHostKeys } from './create-host-keys.ts';
import { createPins } from './create-pins.ts';

const processes = createSystemProcesses();
const sshKeygen = await processes.find('ssh-keygen');
const skip = sshKeygen === undefined ? 'ssh-keygen is not installed' : false;

async function open() {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-pins-'));
  const file = join(dir.path, 'known_hosts');
  return {
    dir: dir.path,
    file,
    pins: createPins(file),
    async trusted() {
      const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => /^\w/.test(line));
      return lines.map((line) => {
        const [, name = '', id, publicKey = ''] = /^(.*)\.vm,(.*)\.vm (.*)$/.exec(line) ?? [];
        return { id: VmId.parse(id), name, publicKey };
      });
    },
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

pinsContract('real pins', open);

suite('pins in a file', () => {
  test('OpenSSH finds a VM by its name and by its id', { skip }, async () => {
    await using subject = await open();
    const key = await createHostKeys().make(join(subject.dir, 'key'));
    const pin = { ...aPin('web'), publicKey: key.publicKey };
    await subject.pins.put(pin);

    for (const host of ['web.vm', `${pin.id}.vm`]) {
      const { stdout } = await processes.run(['ssh-keygen', '-F', host, '-f', subject.file], {
        signal: new AbortController().signal,
      });
      assert.ok(stdout.includes(key.publicKey), `${host}: ${stdout}`);
    }
  });

  test('the file is for this user alone, and nothing else is beside it', async () => {
    await using subject = await open();

    await Promise.all(['a', 'b', 'c'].map((name) => subject.pins.put(aPin(name))));

    assert.deepEqual(await readdir(subject.dir), ['known_hosts']);
    assert.equal((await stat(subject.file)).mode & 0o777, 0o600);
  });

  test('a file that cannot be written says which, and the next change is tried again', async () => {
    await using subject = await open();
    const file = join(subject.dir, 'file');
    const pins = createPins(join(file, 'known_hosts'));
    await subject.pins.put(aPin('web'));
    const { rm, writeFile, mkdir } = await import('node:fs/promises');
    await writeFile(file, '');

    await assert.rejects(pins.put(aPin('web')), {
      code: 'host.path_unusable',
      message: /known_hosts/,
    });
    await rm(file);
    await mkdir(file);
    await pins.put(aPin('db'));

    assert.match(await readFile(join(file, 'known_hosts'), 'utf8'), /web\.vm.*\n.*db\.vm/);
  });
});
