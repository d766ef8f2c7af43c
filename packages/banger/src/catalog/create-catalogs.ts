import type { Clock } from '../host/clock.ts';
import { imageCatalog, type ImageCatalogEntry } from '../image/catalog.ts';
import { kernelCatalog, type KernelCatalogEntry } from '../kernel/catalog.ts';
import { createCatalog, type Catalog } from './catalog.ts';
import { createCatalogReader } from './create-catalog-reader.ts';

export interface Catalogs {
  readonly images: Catalog<ImageCatalogEntry>;
  readonly kernels: Catalog<KernelCatalogEntry>;
}

export interface CatalogsOptions {
  /** Of the configuration, in its order */
  readonly urls: readonly string[];
  readonly cacheDir: string;
  readonly clock: Clock;
}

/** What can be pulled by name: what banger brings, and what the configured catalogs add. */
export function createCatalogs({ urls, ...options }: CatalogsOptions): Catalogs {
  const readers = urls.map((url) => createCatalogReader({ ...options, url: new URL(url) }));
  return {
    images: createCatalog<ImageCatalogEntry>(
      imageCatalog,
      readers.map(({ url, read }) => ({ url, entries: async (work) => (await read(work)).images })),
    ),
    kernels: createCatalog<KernelCatalogEntry>(
      kernelCatalog,
      readers.map(({ url, read }) => ({
        url,
        entries: async (work) => (await read(work)).kernels,
      })),
    ),
  };
}
