import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import { parseCatalogUrl } from './catalog-url.ts';

/** One `[[catalog]]`. */
export interface CatalogSettings {
  readonly url: string;
}

export interface CatalogSection {
  readonly file: string;
  readonly text: string;
}

const Entry = z.strictObject({ url: z.string({ error: 'a URL' }) });

/** `[[catalog]]` of the configuration. Pure. Rejects the first bad entry with its index, counted from 0, and its line. */
export function parseCatalogs(value: unknown, section: CatalogSection): readonly CatalogSettings[] {
  if (!Array.isArray(value)) throw refusal(section, 0, 'it is not a list of tables, "[[catalog]]"');
  const urls = value.map((entry: unknown, index) => {
    const result = Entry.safeParse(entry);
    if (!result.success)
      throw refusal(section, index, result.error.issues.map(describe).join('; '));
    const url = parseCatalogUrl(result.data.url);
    if (url === undefined) throw refusal(section, index, `"url" takes ${URL_RULE}`);
    return { url: url.href };
  });
  const twice = urls.findIndex(({ url }, index) =>
    urls.slice(0, index).some((other) => other.url === url),
  );
  if (twice >= 0) throw refusal(section, twice, 'its URL is there twice');
  return urls;
}

const URL_RULE =
  'a URL with https or file (file:///srv/catalog.json), or http of this host itself (localhost)';

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no key "${issue.keys.join('", "')}"`;
  return `"${issue.path.join('.')}" takes ${issue.message}`;
}

function refusal({ file, text }: CatalogSection, index: number, fact: string): BangerError {
  const where = `${file}:${String(lineOf(text, index))}`;
  return new BangerError(
    'config.invalid',
    `Cannot use catalog entry ${String(index)} at ${where}: ${fact}`,
    { hint: `Edit ${where}` },
  );
}

/** Of the header of the entry; 1 when it cannot be told. */
function lineOf(text: string, index: number): number {
  const headers = [...text.split('\n').entries()].filter(([, line]) =>
    /^\s*\[\[\s*catalog\s*\]\]/.test(line),
  );
  return (headers[index]?.[0] ?? 0) + 1;
}
