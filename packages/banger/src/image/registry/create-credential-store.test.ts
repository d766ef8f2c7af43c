import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createSystemProcesses } from '../../host/system-processes.ts';
import { createCredentialStore } from './create-credential-store.ts';

const { signal } = new AbortController();
const target = { host: 'ghcr.io', repository: 'ana/app' };
const login = { auths: { 'ghcr.io': { auth: btoa('ana:secret') } } };

/** A home with a directory for programs. */
async function aHome() {
  const home = await mkdtemp(join(tmpdir(), 'banger-logins-'));
  for (const dir of ['.docker', '.config/containers', 'bin']) {
    await mkdir(join(home, dir), { recursive: true });
  }
  const PATH = `${join(home, 'bin')}:/usr/bin:/bin`;
  const processes = createSystemProcesses({ env: { PATH } });
  return {
    env: { HOME: home },
    find: (env: Record<string, string> = {}) =>
      createCredentialStore({ env: { HOME: home, ...env }, processes }).find(target, signal),
    write: (name: string, content: unknown) =>
      writeFile(join(home, name), JSON.stringify(content), { mode: 0o755 }),
    program: (name: string, script: string) =>
      writeFile(join(home, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    dir: home,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
}

suite('logins', () => {
  test('there are none before somebody has logged in', async () => {
    await using home = await aHome();

    assert.deepEqual(await home.find(), { credentials: undefined, source: undefined });
  });

  test("Docker's file counts before podman's, and each says where it is", async () => {
    await using home = await aHome();
    await home.write('.config/containers/auth.json', login);
    const podman = await home.find();
    await home.write('.docker/config.json', { auths: { 'ghcr.io': { auth: btoa('bo:x') } } });

    const docker = await home.find();

    assert.equal(podman.source, join(home.dir, '.config/containers/auth.json'));
    assert.deepEqual(docker.credentials, { kind: 'password', username: 'bo', password: 'x' });
  });

  test('DOCKER_CONFIG names another directory', async () => {
    await using home = await aHome();
    await home.write('bin/config.json', login);

    assert.ok((await home.find({ DOCKER_CONFIG: join(home.dir, 'bin') })).credentials);
  });

  test('a helper is asked for the registry', async () => {
    await using home = await aHome();
    await home.write('.docker/config.json', { credHelpers: { 'ghcr.io': 'mine' } });
    await home.program(
      'docker-credential-mine',
      'read server; printf \'{"ServerURL":"%s","Username":"%s","Secret":"s"}\' "$server" "$1-$server"',
    );

    const { credentials, source } = await home.find();

    assert.deepEqual(credentials, { kind: 'password', username: 'get-ghcr.io', password: 's' });
    assert.equal(source, 'docker-credential-mine');
  });

  test('a helper may have a token', async () => {
    await using home = await aHome();
    await home.write('.docker/config.json', { credsStore: 'mine' });
    await home.program('docker-credential-mine', 'echo \'{"Username":"<token>","Secret":"abc"}\'');

    assert.deepEqual((await home.find()).credentials, { kind: 'identity-token', token: 'abc' });
  });

  for (const [what, name, script, source] of [
    [
      'that knows nothing',
      'mine',
      'echo credentials not found in native keychain; exit 1',
      undefined,
    ],
    ['that fails', 'mine', 'echo secret; exit 3', '"docker-credential-mine" failed'],
    ['that says nonsense', 'mine', 'echo secret', '"docker-credential-mine" could not be asked'],
    ['that never stops', 'mine', 'yes secret', '"docker-credential-mine" could not be asked'],
    ['that is not there', 'other', '', '"docker-credential-other" could not be asked'],
    ['that is a path', '../mine', '', '"docker-credential-../mine" is no name of a program'],
    ['that is a command', 'x; id', '', '"docker-credential-x; id" is no name of a program'],
  ] as const) {
    test(`a helper ${what} is as if nobody had logged in`, async () => {
      await using home = await aHome();
      await home.write('.docker/config.json', { credsStore: name });
      await home.program('docker-credential-mine', script);

      assert.deepEqual(await home.find(), { credentials: undefined, source });
    });
  }

  test('a login in the file counts where a helper has none', async () => {
    await using home = await aHome();
    await home.write('.docker/config.json', { ...login, credsStore: 'gone' });

    assert.ok((await home.find()).credentials);
  });

  test('a file that is none is said, and the next one is read', async () => {
    await using home = await aHome();
    await home.write('.docker/config.json', 'nonsense');
    const broken = await home.find();
    await home.write('.config/containers/auth.json', login);

    assert.match(broken.source ?? '', /config\.json" cannot be read as a file of logins/);
    assert.ok((await home.find()).credentials);
  });
});
