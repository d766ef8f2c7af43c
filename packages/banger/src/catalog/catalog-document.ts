import { z } from 'zod';

import { ImageCatalogEntry } from '../image/catalog.ts';
import { KernelCatalogEntry } from '../kernel/catalog.ts';
import { hostArchitecture } from './bundle-entry.ts';
import { followUrl } from '../host/catalog-url.ts';

const MAX_ENTRIES = 10_000;

/** A catalog as it is written (docs/decisions/0021): unknown keys and kinds of entries are left to later versions. */
const Document = z.object({
  format: z.literal(1),
  images: z.array(z.unknown()).max(MAX_ENTRIES).default([]),
  kernels: z.array(z.unknown()).max(MAX_ENTRIES).default([]),
});

export interface CatalogContent {
  readonly images: readonly ImageCatalogEntry[];
  readonly kernels: readonly KernelCatalogEntry[];
  /** What of it cannot be used, and why */
  readonly problems: readonly string[];
}

/** Pure. undefined: it is no catalog. Bundles for other machines are left out; those left have absolute URLs. */
export function parseCatalog(text: string, base: URL): CatalogContent | undefined {
  const parsed = Document.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const images = entriesOf(parsed.data.images, { schema: ImageCatalogEntry, what: 'image', base });
  const kernels = entriesOf(parsed.data.kernels, {
    schema: KernelCatalogEntry,
    what: 'kernel',
    base,
  });
  return {
    images: images.entries,
    kernels: kernels.entries,
    problems: [...images.problems, ...kernels.problems],
  };
}

interface Reading<Entry> {
  readonly schema: z.ZodType<Entry>;
  readonly what: string;
  readonly base: URL;
}

function entriesOf<Entry extends { readonly kind: string }>(
  raw: readonly unknown[],
  { schema, what, base }: Reading<Entry>,
): { readonly entries: readonly Entry[]; readonly problems: readonly string[] } {
  const entries: Entry[] = [];
  const problems: string[] = [];
  for (const [index, value] of raw.entries()) {
    const parsed = schema.safeParse(value);
    const problem = parsed.success ? undefined : parsed.error.issues[0];
    if (!parsed.success) {
      const where = problem?.path.join('.') ?? '';
      problems.push(`${what} ${String(index)}: ${where}: ${problem?.message ?? 'not an entry'}`);
      continue;
    }
    const entry = parsed.data;
    if (!isBundle(entry)) {
      entries.push(entry);
      continue;
    }
    if (entry.architecture !== hostArchitecture()) continue;
    const url = followUrl(entry.url, base);
    if (url === undefined)
      problems.push(`${what} ${String(index)}: nothing is read from "${entry.url.slice(0, 200)}"`);
    else entries.push({ ...entry, url: url.href });
  }
  return { entries, problems };
}

function isBundle<Entry extends { readonly kind: string }>(
  entry: Entry,
): entry is Entry & { readonly url: string; readonly architecture: string } {
  return entry.kind === 'bundle';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
