import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { suite, test } from 'node:test';

import {
  anImage,
  anIndex,
  descriptorOf,
  json,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../../../test/support/oci-image.ts';
import {
  sendBlob,
  sendError,
  startRegistry,
  type StandInRegistry,
} from '../../../../../test/support/stand-in-registry.ts';
import { createFakeBlobCache } from '../oci/fake-blob-cache.ts';
import { pullAll, type ClientParts } from './fixtures.ts';

const image = anImage();
const [layer = Buffer.alloc(0)] = image.layers;
const pull = (registry: StandInRegistry, parts?: ClientParts) =>
  pullAll(`${registry.host}/app:1`, parts);

suite('pulling from a registry', () => {
  test('gets manifest, configuration and layers', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);

    const pulled = await pull(registry);

    assert.equal(pulled.digest, image.manifestDigest);
    assert.deepEqual(pulled.blobs.content(pulled.config.digest), image.config);
    assert.deepEqual(
      pulled.layers.map(({ digest }) => pulled.blobs.content(digest)),
      image.layers,
    );
  });

  test('by digest asks for that and believes nothing else', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const other = anImage({ config: { Cmd: ['evil'] } });

    assert.ok(await pullAll(`${registry.host}/app@${image.manifestDigest}`));
    registry.onRequest((_, response) => Boolean(response.writeHead(200).end(other.manifest)));
    const fooled = pullAll(`${registry.host}/app@${image.manifestDigest}`);

    await assert.rejects(fooled, {
      code: 'image.bad_content',
      message: /asked for manifest sha256:/,
    });
  });

  test('takes the image of this platform from an index, and nothing that is no image', async () => {
    await using registry = await startRegistry();
    const arm = anImage({ architecture: 'arm64' });
    const index = anIndex([
      {
        ...descriptorOf(arm.manifest, OCI_MANIFEST),
        platform: { os: 'linux', architecture: 'arm64' },
      },
      {
        ...descriptorOf(json({}), OCI_MANIFEST),
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
      {
        ...descriptorOf(image.manifest, OCI_MANIFEST),
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ]);
    registry.push('app:amd', image);
    registry.push('app:arm', arm);
    registry.put('app:1', index, OCI_INDEX);

    const pulled = await pull(registry);

    assert.equal(pulled.digest, descriptorOf(index, OCI_INDEX).digest);
    assert.equal(pulled.config.digest, descriptorOf(image.config, '').digest);
  });

  test('names the platforms of an index without this one', async () => {
    await using registry = await startRegistry();
    const arm = anImage({ architecture: 'arm64' });
    const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    registry.push('app:arm', arm);
    registry.put(
      'app:1',
      anIndex([{ ...descriptorOf(arm.manifest, OCI_MANIFEST), platform }]),
      OCI_INDEX,
    );

    await assert.rejects(pull(registry), {
      code: 'image.other_platform',
      message: /it is not for linux\/amd64, but for linux\/arm64\/v8/,
    });
  });

  test('an index that leads to itself in the end is refused', async () => {
    await using registry = await startRegistry();
    let index = anIndex([descriptorOf(image.manifest, OCI_MANIFEST)]);
    registry.push('app:1', image);
    for (let depth = 0; depth < 6; depth += 1) {
      registry.put('app:1', index, OCI_INDEX);
      index = anIndex([descriptorOf(index, OCI_INDEX)]);
    }

    await assert.rejects(pull(registry), {
      code: 'image.bad_content',
      message: /index of indexes/,
    });
  });

  for (const [status, code, message, attempts] of [
    [401, 'registry.unauthorized', /nobody is logged in there/, 1],
    [403, 'registry.unauthorized', /does not give it out/, 1],
    [404, 'image.not_found', /registry 127\.0\.0\.1:\d+ has none: X: no luck/, 1],
    [429, 'registry.failed', /too many requests came from here/, 3],
    [500, 'registry.failed', /answers X: no luck/, 3],
    [503, 'registry.failed', /answers X: no luck/, 3],
    [418, 'registry.failed', /answers X: no luck/, 1],
  ] as const) {
    test(`says what ${String(status)} means, after ${String(attempts)} attempts`, async () => {
      await using registry = await startRegistry();
      registry.onRequest((_, response) => {
        sendError(response, status, 'X', 'no\u001b[31m luck'.replace('\u001b[31m', ''));
        return true;
      });

      await assert.rejects(pull(registry), { code, message });

      assert.equal(registry.requests.length, attempts);
    });
  }

  test('a failure that passes is not noticed', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    let failures = 0;
    registry.onRequest((_, response) => {
      failures += 1;
      if (failures > 2) return false;
      sendError(response, 503, 'BUSY', 'later', { 'retry-after': '0' });
      return true;
    });

    assert.ok(await pull(registry));
  });

  test('waits as long as it is told to, and not for ever', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    registry.onRequest((_, response) => {
      sendError(response, 429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '3600' });
      return true;
    });

    await assert.rejects(pull(registry), { code: 'registry.failed', hint: /docker login/ });

    assert.equal(registry.requests.length, 1);
  });

  test('what a registry says is shown on one line, without control characters', async () => {
    await using registry = await startRegistry();
    registry.onRequest((_, response) => {
      sendError(response, 418, 'TEA', `red\u001b[31m\nhint: rm -rf ${'x'.repeat(500)}`);
      return true;
    });

    await assert.rejects(pull(registry), (error: Error) => {
      assert.match(error.message, /TEA: red \[31m hint: rm/);
      assert.ok(error.message.length < 400);
      return true;
    });
  });

  test('goes on where a connection broke in the middle of a layer', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    registry.onRequest(({ url, headers }, response) => {
      if (url?.includes(digest) !== true || headers.range !== undefined) return false;
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.write(layer.subarray(0, 4), () => response.destroy());
      return true;
    });

    const pulled = await pull(registry);

    assert.deepEqual(pulled.blobs.content(digest), layer);
    assert.ok(registry.requests.includes(`GET /v2/app/blobs/${digest} bytes=4-`));
  });

  test('goes on with a registry that knows no ranges', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    let requests = 0;
    registry.onRequest(({ url }, response) => {
      if (url?.includes(digest) !== true) return false;
      requests += 1;
      response.writeHead(200, { 'content-length': String(layer.length) });
      if (requests > 1) response.end(layer);
      else response.write(layer.subarray(0, 4), () => response.destroy());
      return true;
    });

    const pulled = await pull(registry);

    assert.deepEqual(pulled.blobs.content(digest), layer);
    assert.equal(requests, 2);
  });

  test('a registry that dies in every layer is given up, and what came is kept', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    let isBroken = true;
    registry.onRequest((request, response) => {
      if (request.url?.includes(digest) !== true || !isBroken) return false;
      if (request.headers.range === undefined) {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 4), () => response.destroy());
      } else response.destroy();
      return true;
    });
    const blobs = createFakeBlobCache();
    const reference = `${registry.host}/app:1`;

    await assert.rejects(pullAll(reference, {}, blobs), { code: 'registry.unreachable' });
    isBroken = false;
    registry.requests.length = 0;
    await pullAll(reference, {}, blobs);

    assert.ok(registry.requests.includes(`GET /v2/app/blobs/${digest} bytes=4-`));
  });

  for (const [what, send, message] of [
    ['a wrong digest', Buffer.from('LAYER ONE'), /the digest of what came is/],
    ['a wrong size', Buffer.from('layer one and more'), /it has 18 bytes instead of 9/],
  ] as const) {
    test(`refuses a layer with ${what}, at once`, async () => {
      await using registry = await startRegistry();
      registry.push('app:1', image);
      const digest = descriptorOf(layer, '').digest;
      registry.onRequest((request, response) => {
        if (request.url?.includes(digest) !== true) return false;
        sendBlob(request, response, send);
        return true;
      });

      await assert.rejects(pull(registry), { code: 'image.bad_content', message });

      assert.equal(registry.requests.filter((line) => line.includes(digest)).length, 1);
    });
  }

  test('cuts an endless layer off', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    const closed = Promise.withResolvers<undefined>();
    registry.onRequest(({ url }, response) => {
      if (url?.includes(digest) !== true) return false;
      response.writeHead(200);
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more).on('close', () => closed.resolve(undefined));
      more();
      return true;
    });

    await assert.rejects(pull(registry), {
      code: 'image.bad_content',
      message: /it has more than/,
    });
    await closed.promise;
  });

  test('an endless manifest is cut off too', async () => {
    await using registry = await startRegistry();
    registry.onRequest((_, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536, '{')));
      };
      response.writeHead(200).on('drain', more);
      more();
      return true;
    });

    await assert.rejects(pull(registry), {
      code: 'image.bad_content',
      message: /more than 4194304/,
    });
  });

  test('a manifest that only trickles is given up', async () => {
    await using registry = await startRegistry();
    registry.onRequest((_, response) => {
      const more = setInterval(() => response.write('{'), 5);
      response.on('close', () => clearInterval(more));
      return true;
    });

    await assert.rejects(pull(registry, { limits: { manifestMs: 50 } }), {
      code: 'registry.failed',
      message: /takes too long to give its manifest/,
    });
  });

  test('a range that begins elsewhere is not taken', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    registry.onRequest(({ url, headers }, response) => {
      if (url?.includes(digest) !== true) return false;
      if (headers.range === undefined) {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 4), () => response.destroy());
      } else {
        response.writeHead(206, { 'content-range': 'bytes 2-8/9' }).end(layer.subarray(2));
      }
      return true;
    });

    await assert.rejects(pull(registry), {
      code: 'image.bad_content',
      message: /asked for from byte 4 on and sends from byte 2/,
    });
  });

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

  test('says that nothing listens', async () => {
    const registry = await startRegistry();
    await registry[Symbol.asyncDispose]();

    await assert.rejects(pull(registry), {
      code: 'registry.unreachable',
      message:
        /Cannot pull image "127\.0\.0\.1:\d+\/app:1": registry 127\.0\.0\.1:\d+: nothing listens there/,
    });
  });

  test('a registry that takes a request and says nothing is given up', async () => {
    await using registry = await startRegistry();
    registry.onRequest(() => true);

    await assert.rejects(pull(registry, { timeouts: { headersMs: 50 } }), {
      code: 'registry.unreachable',
      message: /it took the request and says nothing/,
    });
  });

  test('a registry that stops in the middle of a layer is given up', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const digest = descriptorOf(layer, '').digest;
    registry.onRequest(({ url }, response) => {
      if (url?.includes(digest) !== true) return false;
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.flushHeaders();
      return true;
    });

    await assert.rejects(pull(registry, { timeouts: { bodyMs: 50 } }), {
      code: 'registry.failed',
      message: /layer sha256:\w+ breaks off at 0 bytes: it stopped in the middle/,
      hint: /what has come is kept/,
    });
  });

  test('what is no registry at all is one that fails', async () => {
    const server = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };

    const pulled = pullAll(`127.0.0.1:${String(port)}/app:1`);

    await assert.rejects(pulled, { code: 'registry.unreachable' });
    server.close();
  });

  test('plain HTTP is for this machine only', async () => {
    await using registry = await startRegistry();
    registry.push('app:1', image);
    const port = registry.host.split(':')[1] ?? '';
    // 0.0.0.0 leads here as well, and is not what we call this machine.
    const reference = `0.0.0.0:${port}/app:1`;

    await assert.rejects(pullAll(reference), {
      code: 'registry.unreachable',
      message: /it does not speak TLS/,
      hint: `banger image pull --insecure ${reference}`,
    });
    assert.ok(await pullAll(reference, { insecure: true }));
  });

  test('a mirror is asked first, and passed over when it has nothing or is not there', async () => {
    await using registry = await startRegistry();
    await using empty = await startRegistry();
    await using mirror = await startRegistry();
    const gone = await startRegistry();
    await gone[Symbol.asyncDispose]();
    mirror.push('app:1', image);
    const mirrors = [gone, empty, mirror].map(({ host }) => `http://${host}`);
    const registries = [{ host: registry.host, mirrors, insecure: false }];

    await pull(registry, { registries });

    assert.ok(empty.requests.length > 0);
    assert.ok(mirror.requests.length > 0);
    assert.deepEqual(registry.requests, []);
  });

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

  test('an abort ends it with its own reason', async () => {
    await using registry = await startRegistry();
    const aborted = new AbortController();
    registry.onRequest(() => {
      aborted.abort(new Error('bored'));
      return true;
    });
    const { aSource } = await import('./fixtures.ts');

    await assert.rejects(aSource(`${registry.host}/app:1`).root(aborted.signal), /bored/);
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
