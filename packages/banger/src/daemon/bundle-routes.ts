import type { Context, Hono } from 'hono';

import { BUNDLE_HEADER } from '@banger/protocol/bundle';
import { streams } from '@banger/protocol/streams';

import type { Bundles, OpenBundle } from '../bundle/bundles.ts';
import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import type { Activity } from './activity.ts';
import { answerBytes, type ByteRouteDeps, streamBytes } from './byte-route.ts';
import { existing } from './existing.ts';

export interface BundleDeps extends ByteRouteDeps {
  readonly images: Images;
  readonly kernels: Kernels;
  readonly bundles: Bundles;
  readonly activity: Activity;
}

/** `streams.imageBundle` and `streams.kernelBundle`. */
export function registerBundles(app: Hono, deps: BundleDeps): void {
  const { images, kernels, bundles } = deps;
  app.get(streams.imageBundle, (c) => {
    const name = c.req.param('image');
    return answer(c, deps, async (signal) =>
      bundles.image(await existing('image', name, images.find(name)), signal),
    );
  });
  app.get(streams.kernelBundle, (c) => {
    const name = c.req.param('kernel');
    return answer(c, deps, async (signal) =>
      bundles.kernel(await existing('kernel', name, kernels.find(name)), signal),
    );
  });
}

function answer(
  c: Context,
  deps: BundleDeps,
  open: (signal: AbortSignal) => Promise<OpenBundle>,
): Promise<Response> {
  return answerBytes(c, deps, async ({ signal, ...request }) => {
    const { head, chunks } = await open(signal);
    const headers = {
      'content-type': 'application/zstd',
      [BUNDLE_HEADER]: encodeURIComponent(JSON.stringify(head)),
    };
    return streamBytes(chunks, { ...request, activity: deps.activity, headers });
  });
}
