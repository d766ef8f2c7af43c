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
  sendError,
  startRegistry,
  type StandInRegistry,
} from '../../../../../test/support/stand-in-registry.ts';
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
