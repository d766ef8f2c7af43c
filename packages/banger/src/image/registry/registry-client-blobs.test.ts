import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anImage, descriptorOf } from '../../../../../test/support/oci-image.ts';
import {
  sendBlob,
  startRegistry,
  type StandInRegistry,
} from '../../../../../test/support/stand-in-registry.ts';
import { createFakeBlobCache } from '../oci/fake-blob-cache.ts';
import { pullAll, type ClientParts } from './fixtures.ts';

const image = anImage();
const [layer = Buffer.alloc(0)] = image.layers;
const pull = (registry: StandInRegistry, parts?: ClientParts) =>
  pullAll(`${registry.host}/app:1`, parts);

suite('what a registry sends', () => {
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
});
