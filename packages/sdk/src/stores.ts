import { api } from '@banger/protocol/api';
import type { CatalogEntry, Image, Kernel } from '@banger/protocol/image';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';

/** Things that are pulled by name into a store: images and kernels. */
export interface Store<Item> {
  list(options?: CallOptions): Promise<readonly Item[]>;
  /** What can be pulled by name. */
  available(options?: CallOptions): Promise<readonly CatalogEntry[]>;
  /** With `force`, again. */
  pull(name: string, options?: CallOptions & { readonly force?: boolean }): Promise<Item>;
  show(name: string, options?: CallOptions): Promise<Item>;
  delete(name: string, options?: CallOptions): Promise<void>;
}

/** Images also come from registries, by reference. */
export interface ImageStore extends Store<Image> {
  pull(name: string, options?: PullImageOptions): Promise<Image>;
}

export interface PullImageOptions extends CallOptions {
  readonly force?: boolean;
  /** Any certificate will do, and plain HTTP. */
  readonly insecure?: boolean;
  /** `linux/amd64`; refused unless it is that of the daemon's machine. */
  readonly platform?: string | undefined;
}

export function createImages({ call }: Caller): ImageStore {
  return {
    list: (options = {}) => call(api.listImages, {}, options),
    available: (options = {}) => call(api.listCatalog, {}, options),
    pull: (name, { force, insecure, platform, ...options } = {}) =>
      call(api.pullImage, { name, force, insecure, platform }, options),
    show: (image, options = {}) => call(api.showImage, { image }, options),
    delete: async (image, options = {}) => {
      await call(api.deleteImage, { image }, options);
    },
  };
}

export function createKernels({ call }: Caller): Store<Kernel> {
  return {
    list: (options = {}) => call(api.listKernels, {}, options),
    available: (options = {}) => call(api.listKernelCatalog, {}, options),
    pull: (name, { force, ...options } = {}) => call(api.pullKernel, { name, force }, options),
    show: (kernel, options = {}) => call(api.showKernel, { kernel }, options),
    delete: async (kernel, options = {}) => {
      await call(api.deleteKernel, { kernel }, options);
    },
  };
}
