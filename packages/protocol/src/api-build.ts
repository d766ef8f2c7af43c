import { z } from 'zod';

import { BuildPlanRequest, BuildRequest } from './build.ts';
import { Image } from './image.ts';
import { route } from './route.ts';

/** Images made from Dockerfiles; the files they copy are sent before (`streams.buildContext`). */
export const buildApi = {
  checkBuild: route({
    method: 'POST',
    path: '/v1/builds/check',
    summary: 'Whether a Dockerfile can be built as it is written; nothing is run',
    repeatable: true,
    input: BuildPlanRequest,
    output: z.object({ warnings: z.array(z.string()) }),
    errors: ['build.invalid', 'image.reference_invalid'],
  }),
  buildImage: route({
    method: 'POST',
    path: '/v1/builds',
    summary: 'Build an image from a Dockerfile, each RUN in a VM of its own',
    progress: true,
    input: BuildRequest,
    output: Image,
    errors: [
      'build.invalid',
      'build.step_failed',
      'build.no_context',
      'image.reference_invalid',
      'image.not_found',
      'image.bad_content',
      'image.build_failed',
      'registry.unauthorized',
      'registry.unreachable',
      'vm.start_failed',
      'guest.disk_full',
      'host.disk_full',
    ],
  }),
};
