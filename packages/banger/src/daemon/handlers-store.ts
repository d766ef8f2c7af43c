import type { ImageArchives } from '../image/archive/image-archives.ts';
import type { Images, StoredImage } from '../image/images.ts';
import type { Kernels, StoredKernel } from '../kernel/kernels.ts';
import type { Machines } from '../machine/machines.ts';
import { deletable, dropImage, dropKernel } from './drop-stored.ts';
import type { EventHub } from './event-hub.ts';
import { existing } from './existing.ts';
import type { Handlers } from './handler-table.ts';
import { presentImage, presentKernel } from './present-stored.ts';

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
  const image = (stored: StoredImage) => presentImage(stored, deps.machines);
  const kernel = (stored: StoredKernel) => presentKernel(stored, deps.machines);
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
      await dropImage(deps, stored, operation.id);
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
      await dropKernel(deps, stored, operation.id);
      return {};
    },
  };
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
