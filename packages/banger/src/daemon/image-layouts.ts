import type { Hono } from 'hono';

import { streams } from '@banger/protocol/streams';

import type { Builds } from '../image/build/builds.ts';
import type { Images } from '../image/images.ts';
import type { Activity } from './activity.ts';
import { answerBytes, type ByteRouteDeps, streamBytes } from './byte-route.ts';
import { existing } from './existing.ts';

export interface LayoutDeps extends ByteRouteDeps {
  readonly images: Pick<Images, 'find'>;
  readonly builds: Pick<Builds, 'export'>;
  readonly activity: Activity;
}

/** `streams.imageLayout`: an image for other tools. */
export function registerLayouts(app: Hono, deps: LayoutDeps): void {
  const { images, builds, activity } = deps;
  app.get(streams.imageLayout, (c) =>
    answerBytes(c, deps, async ({ signal, ...request }) => {
      const name = c.req.param('image');
      const image = await existing('image', name, images.find(name));
      const headers = { 'content-type': 'application/x-tar' };
      return streamBytes(builds.export(image, signal), { ...request, activity, headers });
    }),
  );
}
