import { z } from 'zod';

import { CatalogEntry, Image, Kernel } from './image.ts';
import { Reference } from './names.ts';
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
    input: Nothing,
    output: z.array(CatalogEntry),
    errors: [],
  }),
  pullImage: route({
    method: 'POST',
    path: '/v1/images',
    summary: 'Pull or build an image by name',
    progress: true,
    input: z.object({ name: z.string().min(1).max(256), force: z.boolean().default(false) }),
    output: Image,
    errors: [
      'image.not_found',
      'image.build_failed',
      'host.tool_missing',
      'host.mirror_unreachable',
      'host.disk_full',
    ],
  }),
  showImage: route({
    method: 'GET',
    path: '/v1/images/:image',
    summary: 'One image',
    input: z.object({ image: Reference }),
    output: Image,
    errors: ['image.not_found'],
  }),
  deleteImage: route({
    method: 'DELETE',
    path: '/v1/images/:image',
    summary: 'Delete an image that no VM uses',
    input: z.object({ image: Reference }),
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
