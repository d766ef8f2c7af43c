import type { WorkOptions } from '../host/work.ts';

/** What can be pulled by name, and which catalog says so. */
export type Offered<Entry> = Entry & {
  /** `built-in`, or the URL of a configured catalog */
  readonly origin: string;
};

/**
 * The catalog that banger brings, then the configured ones in their order. Of entries of one name the first counts, so no
 * server can put something else behind a name of banger's own. A catalog that cannot be read is a warning that names it,
 * and hides none of the others.
 */
export interface Catalog<Entry> {
  list(work: WorkOptions): Promise<readonly Offered<Entry>[]>;
  /** Asks no further than it must: a name of the built-in catalog is found without any server */
  find(name: string, work: WorkOptions): Promise<Offered<Entry> | undefined>;
}

/** One configured catalog. */
export interface CatalogSource<Entry> {
  readonly url: string;
  /** What it offers now, or as it last did; told of why not by a warning, it offers nothing */
  entries(work: WorkOptions): Promise<readonly Entry[]>;
}

export const BUILT_IN = 'built-in';

export function createCatalog<Entry extends { readonly name: string }>(
  embedded: readonly Entry[],
  sources: readonly CatalogSource<Entry>[],
): Catalog<Entry> {
  const offered = (entries: readonly Entry[], origin: string): readonly Offered<Entry>[] =>
    entries.map((entry) => ({ ...entry, origin }));
  return {
    async list(work) {
      const more = await Promise.all(
        sources.map(async (source) => offered(await source.entries(work), source.url)),
      );
      const all = [...offered(embedded, BUILT_IN), ...more.flat()];
      return all.filter(({ name }, index) => index === all.findIndex((one) => one.name === name));
    },
    async find(name, work) {
      const own = embedded.find((entry) => entry.name === name);
      if (own !== undefined) return { ...own, origin: BUILT_IN };
      for (const source of sources) {
        const entry = (await source.entries(work)).find((one) => one.name === name);
        if (entry !== undefined) return { ...entry, origin: source.url };
      }
      return undefined;
    },
  };
}
