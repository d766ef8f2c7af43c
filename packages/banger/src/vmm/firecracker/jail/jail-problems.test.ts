import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { createFakeProcesses } from '../../../host/fake-processes.ts';
import type { VersionProbe } from '../../version-probe.ts';
import { jailProblems } from './jail-problems.ts';

const { signal } = new AbortController();
const silence = new BangerError('host.tool_missing', 'it says nothing', { hint: 'ask it' });

async function problemsWith(said: Readonly<Record<string, string>>): Promise<string> {
  const versions: VersionProbe = (_, binary) => {
    const version = said[binary] ?? '';
    return version === 'silent' ? Promise.reject(silence) : Promise.resolve(version);
  };
  const processes = createFakeProcesses(
    Object.fromEntries(Object.keys(said).map((name) => [name, () => 0])),
  );
  const programs = { jailer: 'jailer', firecracker: 'firecracker', processes, versions };
  return (await jailProblems(programs, signal)).map(({ what, hint }) => `${what}; ${hint}`).join();
}

suite('why VMs cannot be jailed', { skip: process.getuid?.() !== 0 }, () => {
  test('nothing where both programs are of one version, or there is no Firecracker', async () => {
    assert.equal(await problemsWith({ jailer: '1.16.1', firecracker: '1.16.1' }), '');
    assert.equal(await problemsWith({ jailer: '1.16.1' }), '');
  });

  test('the jailer is missing, or of another version', async () => {
    assert.match(await problemsWith({ firecracker: '1.16.1' }), /"jailer" is not there/);
    assert.match(
      await problemsWith({ jailer: '1.15.0', firecracker: '1.16.1' }),
      /the jailer is 1\.15\.0, Firecracker 1\.16\.1/,
    );
  });

  for (const name of ['jailer', 'firecracker'])
    test(`the ${name} does not answer`, async () => {
      const both = { jailer: '1.16.1', firecracker: '1.16.1' };

      assert.equal(await problemsWith({ ...both, [name]: 'silent' }), 'it says nothing; ask it');
    });
});
