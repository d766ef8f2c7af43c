import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anImage } from '../../../../../test/support/oci-image.ts';
import {
  sendError,
  startRegistry,
  type StandInRegistry,
} from '../../../../../test/support/stand-in-registry.ts';
import { pullAll, type ClientParts } from './fixtures.ts';

const image = anImage();
const pull = (registry: StandInRegistry, parts?: ClientParts) =>
  pullAll(`${registry.host}/app:1`, parts);

suite('logins and redirects of a registry', () => {
  test('follows redirects, and takes no login along to another host', async () => {
    await using registry = await startRegistry();
    await using storage = await startRegistry();
    registry.push('app:1', image);
    storage.push('app:1', image);
    registry.onRequest(({ url, headers }, response) => {
      if (headers.authorization === undefined) {
        sendError(response, 401, 'U', 'who?', { 'www-authenticate': 'Basic realm="x"' });
      } else if (url?.includes('/blobs/') === true) {
        response.writeHead(307, { location: `http://${storage.host}${url}` }).end();
      } else return false;
      return true;
    });
    const credentials = credentialsFor(registry);

    await pull(registry, { credentials });

    assert.deepEqual(new Set(storage.authorizations), new Set([undefined]));
    assert.ok(storage.requests.length >= 2);
    assert.ok(registry.authorizations.includes(`Basic ${btoa('ana:secret')}`));
  });

  for (const [what, location, message] of [
    ['to itself for ever', '/v2/app/manifests/1', /more than 8 times/],
    ['to plain HTTP elsewhere', 'http://example.com/x', /which is not encrypted/],
    ['to a file', 'file:///etc/passwd', /leads to file:/],
    ['to nowhere', undefined, /does not say which/],
  ] as const) {
    test(`does not follow a redirect ${what}`, async () => {
      await using registry = await startRegistry();
      registry.onRequest((_, response) => {
        response.writeHead(307, location === undefined ? {} : { location }).end();
        return true;
      });
      // What is allowed here because it is this machine must not be allowed elsewhere.
      const error = await pull(registry).catch((reason: unknown) => reason);

      assert.ok(error instanceof Error);
      assert.match(error.message, message);
    });
  }

  test('gets a token for the repository, shows it, and renews it when it has ended', async () => {
    await using registry = await startRegistry();
    await using auth = await startRegistry();
    registry.push('app:1', image);
    let tokens = 0;
    auth.onRequest((_, response) => {
      tokens += 1;
      response.end(JSON.stringify({ token: `t${String(tokens)}`, expires_in: 300 }));
      return true;
    });
    registry.onRequest(({ headers, url }, response) => {
      const needed = url?.includes('/blobs/') === true ? 'Bearer t2' : 'Bearer t1';
      if (headers.authorization === needed) return false;
      const challenge = `Bearer realm="http://${auth.host}/token",service="the, service",scope="repository:app:pull"`;
      sendError(response, 401, 'UNAUTHORIZED', 'who?', { 'www-authenticate': challenge });
      return true;
    });

    await pull(registry, { credentials: credentialsFor(registry) });

    assert.equal(tokens, 2);
    assert.equal(
      auth.requests[0],
      'GET /token?service=the%2C+service&scope=repository%3Aapp%3Apull&account=ana',
    );
    assert.equal(auth.authorizations[0], `Basic ${btoa('ana:secret')}`);
  });

  test('what a login left instead of a password goes to the token service alone', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    let form = '';
    registry.onRequest((request, response) => {
      if (request.url === '/token') {
        request.on('data', (chunk: Buffer) => (form += chunk.toString()));
        request.on('end', () => response.end('{"access_token":"abc"}'));
        return true;
      }
      if (request.headers.authorization === 'Bearer abc') return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="s"`;
      sendError(response, 401, 'U', 'who?', { 'www-authenticate': challenge });
      return true;
    });
    const identity = { kind: 'identity-token', token: 'left' } as const;

    await pull(registry, { credentials: credentialsFor(registry, identity) });

    assert.match(form, /grant_type=refresh_token&refresh_token=left&service=s&scope=repository/);
  });

  for (const [what, challenge, message] of [
    [
      'is not accepted',
      (host: string) => `Bearer realm="http://${host}/token"`,
      /\(login: config\.json\).*DENIED: go away/,
    ],
    [
      'would have to go over the wire as it is',
      () => 'Bearer realm="http://example.com/t"',
      /does not give it out/,
    ],
    ['is of no use', () => 'Negotiate', /does not give it out/],
  ] as const) {
    test(`a login that ${what} is no login`, async () => {
      await using registry = await startRegistry();
      registry.onRequest(({ url }, response) => {
        if (url?.startsWith('/token') === true) sendError(response, 403, 'DENIED', 'go away');
        else {
          const headers = { 'www-authenticate': challenge(registry.host) };
          sendError(response, 401, 'UNAUTHORIZED', 'who?', headers);
        }
        return true;
      });

      const pulled = pull(registry, { credentials: credentialsFor(registry) });

      await assert.rejects(pulled, (error: Error) => {
        assert.match(error.message, what === 'is not accepted' ? message : /./);
        assert.doesNotMatch(`${error.message}${String(error.stack)}`, /secret/);
        return 'code' in error && error.code === 'registry.unauthorized';
      });
    });
  }

  test('a login for a registry is none for its mirror', async () => {
    await using registry = await startRegistry();
    await using mirror = await startRegistry();
    registry.push('app:1', image);
    mirror.onRequest((_, response) => {
      sendError(response, 401, 'U', 'who?', { 'www-authenticate': 'Basic realm="x"' });
      return true;
    });
    const mirrors = [`http://${mirror.host}/`];
    const registries = [{ host: registry.host, mirrors, insecure: false }];

    await pull(registry, { registries, credentials: credentialsFor(registry) });

    assert.deepEqual(new Set(mirror.authorizations), new Set([undefined]));
  });
});

function credentialsFor(
  registry: StandInRegistry,
  credentials: import('./credentials.ts').Credentials = {
    kind: 'password',
    username: 'ana',
    password: 'secret',
  },
) {
  return {
    async find({ host }: { readonly host: string }) {
      await Promise.resolve();
      return {
        credentials: host === registry.host ? credentials : undefined,
        source: 'config.json',
      };
    },
  };
}
