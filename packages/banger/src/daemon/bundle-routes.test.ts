import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BUNDLE_HEADER, BundleHead } from '@banger/protocol/bundle';
import { Hono } from 'hono';
import { z } from 'zod';

import type { Bundles } from '../bundle/bundles.ts';
import { createFakeWorld } from '../machine/fake-world.ts';
import { createActivity } from './activity.ts';
import { registerBundles } from './bundle-routes.ts';
import { createSilentLog } from './daemon-log.ts';

const IMAGE = 'debian-bookworm-slim';
const KERNEL = 'debian-6.1';
const quiet = {
  signal: new AbortController().signal,
  progress: { stage: () => undefined, warn: () => undefined },
};

suite('the route of a bundle', () => {
  for (const [kind, name] of [
    ['image', IMAGE],
    ['kernel', KERNEL],
  ] as const) {
    test(`sends that of a stored ${kind}, and what a catalog has to know`, async () => {
      const { app, images, kernels, activity } = open();
      const store = kind === 'image' ? images : kernels;
      const { id } = await store.pull(name, quiet);

      const response = await app.request(`/v1/${kind}s/${id}/bundle`, {
        headers: { 'banger-operation': 'op-abc123' },
      });

      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'application/zstd');
      assert.equal(response.headers.get('banger-operation'), 'op-abc123');
      const head = decodeURIComponent(response.headers.get(BUNDLE_HEADER) ?? '');
      assert.deepEqual(BundleHead.parse(JSON.parse(head)), {
        ...{ kind, name, description: '', architecture: 'amd64' },
      });
      assert.equal(await response.text(), `bundle of ${id}`);
      assert.equal(activity.busy, 0);
    });

    test(`refuses a ${kind} that is not stored, or is damaged`, async () => {
      const { app, images, kernels, activity } = open();
      const path = `/v1/${kind}s/${name}/bundle`;

      assert.deepEqual(await refusal(app, path), [404, `${kind}.not_found`]);
      if (kind === 'image') images.damage((await images.pull(name, quiet)).id);
      else kernels.damage((await kernels.pull(name, quiet)).id);

      assert.deepEqual(await refusal(app, path), [500, `${kind}.damaged`]);
      assert.equal(activity.busy, 0);
    });
  }

  test('breaks off what fails in the middle, so that nobody takes it for the whole', async () => {
    const { app, images, activity } = open(async function* () {
      yield await Promise.resolve(Buffer.from('begin'));
      throw new Error('the disk is broken');
    });
    await images.pull(IMAGE, quiet);

    const response = await app.request(`/v1/images/${IMAGE}/bundle`);

    assert.equal(response.status, 200);
    await assert.rejects(response.text(), /the disk is broken/);
    assert.equal(activity.busy, 0);
  });

  test('stops to pack when the client goes away, and when the daemon stops', async () => {
    for (const who of ['client', 'daemon'] as const) {
      const packing = Promise.withResolvers<AbortSignal>();
      const ended = Promise.withResolvers<undefined>();
      const { app, images, activity, stopping } = open(async function* (signal) {
        packing.resolve(signal);
        try {
          for (;;) {
            signal.throwIfAborted();
            yield await Promise.resolve(Buffer.alloc(1024));
          }
        } finally {
          ended.resolve(undefined);
        }
      });
      await images.pull(IMAGE, quiet);
      const response = await app.request(`/v1/images/${IMAGE}/bundle`);
      const reader = response.body?.getReader();
      assert.ok(reader);
      await reader.read();
      assert.equal(activity.busy, 1);

      if (who === 'client') await reader.cancel();
      else {
        stopping.abort(new Error('the daemon stops'));
        await assert.rejects(async () => {
          while (!(await reader.read()).done);
        }, /the daemon stops/);
      }
      await ended.promise;

      assert.ok((await packing.promise).aborted);
      assert.equal(activity.busy, 0);
    }
  });
});

/** The routes over fake stores; with `content`, bundles of that. */
function open(content?: (signal: AbortSignal) => AsyncIterable<Uint8Array>) {
  const { images, kernels, bundles: fake } = createFakeWorld();
  const activity = createActivity();
  const stopping = new AbortController();
  const bundles: Bundles = {
    ...fake,
    async image(image, signal) {
      const open = await fake.image(image, signal);
      return content === undefined ? open : { ...open, chunks: content(signal) };
    },
  };
  const app = new Hono();
  const log = createSilentLog();
  registerBundles(app, { images, kernels, bundles, activity, log, stopping: stopping.signal });
  return { app, images, kernels, activity, stopping };
}

async function refusal(app: Hono, path: string): Promise<readonly [number, string]> {
  const response = await app.request(path);
  const { code } = z.looseObject({ code: z.string() }).parse(await response.json());
  return [response.status, code];
}
