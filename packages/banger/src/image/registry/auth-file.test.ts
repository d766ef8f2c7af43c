import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { helperFor, parseAuthFile, storedCredentials } from './auth-file.ts';

const auth = (user: string, password: string) => ({ auth: btoa(`${user}:${password}`) });
const at = (host: string, repository = 'ana/app') => ({ host, repository });
const fileOf = (content: object) => {
  const file = parseAuthFile(JSON.stringify(content));
  assert.ok(file);
  return file;
};

suite('files of logins', () => {
  test('have the login of Docker Hub under its old address', () => {
    const file = fileOf({ auths: { 'https://index.docker.io/v1/': auth('ana', 'p:w') } });

    assert.deepEqual(storedCredentials(file, at('docker.io')), {
      ...{ kind: 'password', username: 'ana', password: 'p:w' },
    });
    assert.equal(storedCredentials(file, at('quay.io')), undefined);
  });

  for (const key of ['localhost:5000', 'http://localhost:5000', 'https://localhost:5000/v2/']) {
    test(`find a registry written as ${key}`, () => {
      const file = fileOf({ auths: { [key]: auth('ana', 'x') } });

      assert.ok(storedCredentials(file, at('localhost:5000')));
      assert.equal(storedCredentials(file, at('localhost:500')), undefined);
      assert.equal(storedCredentials(file, at('localhost')), undefined);
    });
  }

  test('have logins for parts of a registry; the longest counts', () => {
    const file = fileOf({
      auths: {
        'quay.io': auth('all', 'x'),
        'quay.io/ana': auth('ana', 'x'),
        'quay.io/ana/app2': auth('two', 'x'),
      },
    });
    const userAt = (repository: string) => {
      const found = storedCredentials(file, at('quay.io', repository));
      return found?.kind === 'password' ? found.username : undefined;
    };

    assert.deepEqual(['bo/app', 'ana/app', 'ana/app2'].map(userAt), ['all', 'ana', 'two']);
  });

  test('have a token instead of a password after some logins', () => {
    const file = fileOf({ auths: { 'ghcr.io': { ...auth('ana', ''), identitytoken: 'abc' } } });

    assert.deepEqual(storedCredentials(file, at('ghcr.io')), {
      kind: 'identity-token',
      token: 'abc',
    });
  });

  test('say which program to ask: that of the registry before that of all', () => {
    const file = fileOf({ credsStore: 'pass', credHelpers: { 'gcr.io': 'gcloud' }, auths: null });

    assert.deepEqual(helperFor(file, at('gcr.io')), { helper: 'gcloud', server: 'gcr.io' });
    assert.deepEqual(helperFor(file, at('docker.io')), {
      ...{ helper: 'pass', server: 'https://index.docker.io/v1/' },
    });
    assert.equal(helperFor(fileOf({}), at('gcr.io')), undefined);
  });

  for (const text of ['', 'nonsense', '[]', '{"auths":{"x":1}}', '{"credsStore":1}']) {
    test(`are not ${JSON.stringify(text)}`, () => {
      assert.equal(parseAuthFile(text), undefined);
    });
  }

  test('may have entries that say nothing', () => {
    const file = fileOf({ auths: { 'ghcr.io': {}, 'quay.io': { auth: '!!!' } } });

    assert.equal(storedCredentials(file, at('ghcr.io')), undefined);
    assert.equal(storedCredentials(file, at('quay.io')), undefined);
  });
});
