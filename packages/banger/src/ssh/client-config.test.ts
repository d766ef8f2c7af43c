import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createSystemProcesses } from '../host/system-processes.ts';
import { clientConfig } from './client-config.ts';

const processes = createSystemProcesses();
const ssh = await processes.find('ssh');
const skip = ssh === undefined ? 'ssh is not installed' : false;
const parts = {
  identityFile: '/home/ana b/100%/id',
  knownHostsFile: '/home/ana b/100%/known_hosts',
  program: "/opt/it's here/banger",
  socket: '/run/user/1000/100%/bangerd.sock',
};

suite('the ssh configuration', () => {
  test(
    'is understood by OpenSSH, with spaces, quotes and percent signs in its paths',
    { skip },
    async () => {
      await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-ssh-config-'));
      const file = join(dir.path, 'config');
      await writeFile(file, clientConfig(parts));

      const { stdout, stderr } = await processes.run(['ssh', '-G', '-F', file, 'web.vm'], {
        signal: new AbortController().signal,
      });

      const values = stdout.split('\n');
      assert.doesNotMatch(stderr, /Bad|error|unsupported/i);
      // Of some values it prints what they are before their tokens are expanded.
      for (const line of [
        'user root',
        'identityfile /home/ana b/100%%/id',
        'userknownhostsfile /home/ana b/100%/known_hosts',
        'stricthostkeychecking true',
        'identitiesonly yes',
        'hostname web.vm',
      ]) {
        assert.ok(values.includes(line), `${line} in\n${stdout}`);
      }
      const proxy = values.find((line) => line.startsWith('proxycommand '));
      assert.equal(
        proxy,
        `proxycommand env BANGER_SOCKET=/run/user/1000/100%%/bangerd.sock '/opt/it'\\''s here/banger' ssh-proxy %h %p`,
      );
    },
  );

  test('says nothing about other hosts', { skip }, async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-ssh-config-'));
    const file = join(dir.path, 'config');
    await writeFile(file, clientConfig(parts));

    const { stdout } = await processes.run(['ssh', '-G', '-F', file, 'example.org'], {
      signal: new AbortController().signal,
    });

    assert.doesNotMatch(stdout, /proxycommand|100%/);
  });
});
