import { api } from '@banger/protocol/api';
import type { CatalogEntry, Image, Kernel } from '@banger/protocol/image';

import type { BuildOptions } from './build/build-image.ts';
import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import type { LoadImageOptions } from './load-image-options.ts';

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

/** Images also come from registries, by reference, and can be built. */
export interface ImageStore extends Store<Image> {
  pull(name: string, options?: PullImageOptions): Promise<Image>;
  /** Builds a Dockerfile, each RUN in a VM of its own; what did not change since an earlier build is not run again. */
  build(options: BuildOptions): Promise<Image>;
  /** A tar of an OCI layout, for other tools; rejects in the middle when it cannot be finished. */
  export(image: string, options?: CallOptions): AsyncGenerator<Uint8Array, void>;
  /**
   * Makes an image of an OCI layout (a directory or a tar) or of what `docker save` writes, by its path on this machine or
   * as a stream. The archive is sent to the daemon, which opens no path.
   */
  load(archive: string | AsyncIterable<Uint8Array>, options?: LoadImageOptions): Promise<Image>;
}

export interface PullImageOptions extends CallOptions {
  readonly force?: boolean;
  /** Any certificate will do, and plain HTTP. */
  readonly insecure?: boolean;
  /** `linux/amd64`; refused unless it is that of the daemon's machine. */
  readonly platform?: string | undefined;
}

export function createImages(caller: Caller): ImageStore {
  const { call } = caller;
  return {
    async *export(image, options = {}) {
      const { readLayout } = await import('./build/write-layout.ts');
      yield* readLayout(caller, image, options);
    },
    build: async (options) => {
      const { buildImage } = await import('./build/build-image.ts');
      return buildImage(caller, options);
    },
    async load(archive, { ref, name, ...options } = {}) {
      const one = caller.inOneOperation();
      const { sendArchive } = await import('./send-archive.ts');
      const archived = await sendArchive(one, archive, { ref, name, ...options });
      return one.call(api.loadImage, archived, options);
    },
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
