import { z } from 'zod';

import { ArchivedImage, CatalogEntry, Image, Kernel } from './image.ts';
import { ImageName, Reference } from './names.ts';
import { Nothing, route } from './route.ts';

/** Images and kernels. */
export const storeApi = {
  listImages: route({
    method: 'GET',
    path: '/v1/images',
    summary: 'Images in the store',
    input: Nothing,
    output: z.array(Image),
    errors: [],
  }),
  listCatalog: route({
    method: 'GET',
    path: '/v1/catalog/images',
    summary: 'Images that can be pulled by name',
    progress: true,
    input: Nothing,
    output: z.array(CatalogEntry),
    errors: [],
  }),
  pullImage: route({
    method: 'POST',
    path: '/v1/images',
    summary: 'Pull or build an image by name or reference',
    progress: true,
    input: z.object({
      name: ImageName,
      force: z.boolean().default(false),
      /** Of a registry: any certificate will do, and plain HTTP */
      insecure: z.boolean().default(false),
      /** `linux/amd64`; refused unless it is that of this machine */
      platform: z.string().max(64).optional(),
    }),
    output: Image,
    errors: [
      'image.not_found',
      'image.reference_invalid',
      'image.other_platform',
      'image.unsupported',
      'image.bad_content',
      'image.build_failed',
      'registry.unauthorized',
      'registry.unreachable',
      'registry.failed',
      'host.tool_missing',
      'host.mirror_unreachable',
      'host.disk_full',
    ],
  }),
  loadImage: route({
    method: 'POST',
    path: '/v1/images/load',
    summary: 'Make an image of an archive that was sent before',
    progress: true,
    input: ArchivedImage,
    output: Image,
    errors: [
      'image.reference_invalid',
      'image.other_platform',
      'image.unsupported',
      'image.bad_content',
      'host.disk_full',
    ],
  }),
  showImage: route({
    method: 'GET',
    path: '/v1/images/:image',
    summary: 'One image',
    input: z.object({ image: ImageName }),
    output: Image,
    errors: ['image.not_found'],
  }),
  deleteImage: route({
    method: 'DELETE',
    path: '/v1/images/:image',
    summary: 'Delete an image that no VM uses',
    input: z.object({ image: ImageName }),
    output: Nothing,
    errors: ['image.not_found', 'image.in_use'],
  }),

  listKernels: route({
    method: 'GET',
    path: '/v1/kernels',
    summary: 'Kernels in the store',
    input: Nothing,
    output: z.array(Kernel),
    errors: [],
  }),
  listKernelCatalog: route({
    method: 'GET',
    path: '/v1/catalog/kernels',
    summary: 'Kernels that can be pulled by name',
    progress: true,
    input: Nothing,
    output: z.array(CatalogEntry),
    errors: [],
  }),
  pullKernel: route({
    method: 'POST',
    path: '/v1/kernels',
    summary: 'Make a kernel bundle by name',
    progress: true,
    input: z.object({ name: z.string().min(1).max(256), force: z.boolean().default(false) }),
    output: Kernel,
    errors: [
      'kernel.not_found',
      'kernel.build_failed',
      'host.tool_missing',
      'host.mirror_unreachable',
      'host.disk_full',
    ],
  }),
  showKernel: route({
    method: 'GET',
    path: '/v1/kernels/:kernel',
    summary: 'One kernel',
    input: z.object({ kernel: Reference }),
    output: Kernel,
    errors: ['kernel.not_found'],
  }),
  deleteKernel: route({
    method: 'DELETE',
    path: '/v1/kernels/:kernel',
    summary: 'Delete a kernel that no VM uses',
    input: z.object({ kernel: Reference }),
    output: Nothing,
    errors: ['kernel.not_found', 'kernel.in_use'],
  }),
};
