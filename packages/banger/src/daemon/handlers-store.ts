import { BangerError } from '@banger/protocol/errors';
import { ImageId, KernelId } from '@banger/protocol/ids';
import type { Image, Kernel } from '@banger/protocol/image';

import type { ImageArchives } from '../image/archive/image-archives.ts';
import type { Images, StoredImage } from '../image/images.ts';
import type { Kernels, StoredKernel } from '../kernel/kernels.ts';
import type { Machines } from '../machine/machines.ts';
import type { EventHub } from './event-hub.ts';
import type { Handlers } from './handler-table.ts';

export interface StoreHandlerDeps {
  readonly images: Images;
  readonly archives: ImageArchives;
  readonly kernels: Kernels;
  readonly machines: Machines;
  readonly events: EventHub;
  readonly defaults: { readonly image: string; readonly kernel: string };
}

type StoreRoute =
  | 'listImages'
  | 'listCatalog'
  | 'pullImage'
  | 'loadImage'
  | 'showImage'
  | 'deleteImage'
  | 'listKernels'
  | 'listKernelCatalog'
  | 'pullKernel'
  | 'showKernel'
  | 'deleteKernel';

export function storeHandlers(deps: StoreHandlerDeps): Pick<Handlers, StoreRoute> {
  const { images, archives, kernels, events, defaults } = deps;
  const image = (stored: StoredImage) => presentImage(stored, usersOf(deps, 'imageId', stored.id));
  const kernel = (stored: StoredKernel) =>
    presentKernel(stored, usersOf(deps, 'kernelId', stored.id));
  return {
    listImages: async () => (await images.list()).map(image),
    listCatalog: async (_, operation) =>
      catalog(await images.catalog(operation), await images.list(), defaults.image),
    async pullImage({ name, ...options }, operation) {
      const stored = await images.pull(name, { ...operation, ...options });
      events.emit({ type: 'image.pulled', image: stored.id, name: stored.name }, operation.id);
      return image(stored);
    },
    async loadImage(archived, operation) {
      const stored = await images.make(archives.recipe(archived), operation);
      events.emit({ type: 'image.pulled', image: stored.id, name: stored.name }, operation.id);
      return image(stored);
    },
    showImage: async ({ image: reference }) =>
      image(await existing('image', reference, images.find(reference))),
    async deleteImage({ image: reference }, operation) {
      const stored = await deletable('image', reference, images.find(reference));
      refuseInUse('image', stored.name, usersOf(deps, 'imageId', stored.id));
      const id = ImageId.parse(stored.id);
      await deps.machines.templates.dropFor(id);
      await images.remove(id);
      events.emit({ type: 'image.deleted', image: stored.id, name: stored.name }, operation.id);
      return {};
    },
    listKernels: async () => (await kernels.list()).map(kernel),
    listKernelCatalog: async (_, operation) =>
      catalog(await kernels.catalog(operation), await kernels.list(), defaults.kernel),
    async pullKernel({ name, force }, operation) {
      const stored = await kernels.pull(name, { ...operation, force });
      events.emit({ type: 'kernel.pulled', kernel: stored.id, name: stored.name }, operation.id);
      return kernel(stored);
    },
    showKernel: async ({ kernel: reference }) =>
      kernel(await existing('kernel', reference, kernels.find(reference))),
    async deleteKernel({ kernel: reference }, operation) {
      const stored = await deletable('kernel', reference, kernels.find(reference));
      refuseInUse('kernel', stored.name, usersOf(deps, 'kernelId', stored.id));
      const id = KernelId.parse(stored.id);
      await deps.machines.templates.dropFor(id);
      await kernels.remove(id);
      events.emit({ type: 'kernel.deleted', kernel: stored.id, name: stored.name }, operation.id);
      return {};
    },
  };
}

function usersOf(
  { machines }: StoreHandlerDeps,
  field: 'imageId' | 'kernelId',
  id: string,
): string[] {
  return machines
    .all()
    .filter(({ record }) => record[field] === id)
    .map(({ record }) => record.name);
}

async function existing<T>(
  noun: 'image' | 'kernel',
  reference: string,
  found: Promise<T | undefined>,
): Promise<T> {
  const thing = await found;
  if (thing !== undefined) return thing;
  throw new BangerError(
    `${noun}.not_found`,
    `Cannot find ${noun} "${reference}": it is not in the store`,
    {
      hint: `banger ${noun} list --available`,
    },
  );
}

/** What is damaged can be deleted too. */
async function deletable(
  noun: 'image' | 'kernel',
  reference: string,
  found: Promise<{ readonly id: string; readonly name: string } | undefined>,
): Promise<{ readonly id: string; readonly name: string }> {
  try {
    return await existing(noun, reference, found);
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== `${noun}.damaged`) throw error;
    return { id: String(error.details['id']), name: reference };
  }
}

function refuseInUse(noun: 'image' | 'kernel', name: string, users: readonly string[]): void {
  if (users.length === 0) return;
  throw new BangerError(
    `${noun}.in_use`,
    `Cannot delete ${noun} "${name}": VM ${users.join(', ')} uses it`,
    {
      hint: `banger vm delete ${users.join(' ')}`,
      details: { usedBy: users },
    },
  );
}

export function presentImage(stored: StoredImage, usedBy: string[]): Image {
  const { id, name, kind, init, sizeBytes, createdAt, description, config, digest } = stored;
  const { kernel } = stored;
  return {
    ...{ id, name, kind, init, sizeBytes, createdAt, description, config, digest, kernel },
    notes: [...stored.notes],
    usedBy,
    path: stored.rootDisk,
  };
}

function presentKernel(stored: StoredKernel, usedBy: string[]): Kernel {
  const { id, name, release, version, sizeBytes, createdAt, dir } = stored;
  return { id, name, release, version, sizeBytes, createdAt, usedBy, path: dir };
}

function catalog(
  entries: readonly {
    readonly name: string;
    readonly kind: string;
    readonly description: string;
    readonly origin: string;
  }[],
  stored: readonly { readonly name: string }[],
  byDefault: string,
) {
  return entries.map(({ name, kind, description, origin }) => ({
    name,
    kind,
    description,
    origin,
    pulled: stored.some((one) => one.name === name),
    isDefault: name === byDefault,
  }));
}
