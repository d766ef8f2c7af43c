import { z } from 'zod';

import { Image, Kernel } from './image.ts';
import { ImageName } from './names.ts';
import { route } from './route.ts';

/** Name that a user gives to an image or a kernel of their own. */
const OWN_NAME_RULE = 'a name of a-z, 0-9, ".", "_" and "-" that begins with a letter or a digit';
export const OwnName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, { error: OWN_NAME_RULE });

/** On the daemon's host, which opens it as the user that it is. */
const HostPath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, { error: 'an absolute path' });

const DryRun = z.object({ dryRun: z.boolean().default(false) });

/** Images and kernels out of what the user has on this host, and the room that what was downloaded takes. */
export const ownImagesApi = {
  registerImage: route({
    method: 'POST',
    path: '/v1/images/register',
    summary: 'An image whose root file system is a file of this host, which stays where it is',
    progress: true,
    input: z.object({
      name: OwnName,
      rootfs: HostPath,
      /** Who is process 1; found out when it is left out */
      init: z.enum(['image', 'agent']).optional(),
      description: z.string().max(1000).default(''),
      /** A kernel that comes with it, stored under the image's name */
      kernel: z
        .object({ vmlinux: HostPath, initrd: HostPath.optional(), modules: HostPath.optional() })
        .optional(),
      /** Name of a kernel that is here or in a catalog */
      kernelRef: ImageName.optional(),
    }),
    output: Image,
    errors: [
      'usage.invalid',
      'image.bad_content',
      'kernel.bad_content',
      'kernel.not_found',
      'host.tool_missing',
      'host.disk_full',
    ],
  }),
  promoteImage: route({
    method: 'POST',
    path: '/v1/images/:image/promote',
    summary: 'Copy what a registered image points at, so that it may go',
    progress: true,
    input: z.object({ image: ImageName }),
    output: Image,
    errors: ['usage.invalid', 'image.not_found', 'image.bad_content', 'host.disk_full'],
  }),
  pruneImages: route({
    method: 'POST',
    path: '/v1/images/prune',
    summary: 'Delete every image that no VM uses, but the default one; answers which',
    repeatable: true,
    input: DryRun,
    output: z.array(Image),
    errors: [],
  }),
  importKernel: route({
    method: 'POST',
    path: '/v1/kernels/import',
    summary: 'A kernel out of a directory of this host',
    progress: true,
    input: z.object({ from: HostPath, name: OwnName }),
    output: Kernel,
    errors: ['kernel.bad_content', 'kernel.build_failed', 'host.tool_missing', 'host.disk_full'],
  }),
  pruneCache: route({
    method: 'POST',
    path: '/v1/cache/prune',
    summary: 'Remove what was downloaded and nobody needs now; it is asked for again when it is',
    repeatable: true,
    input: DryRun,
    output: z.object({ count: z.int(), bytes: z.int() }),
    errors: [],
  }),
};
