import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { replaceFile } from '../host/replace-file.ts';
import type { Progress, WorkOptions } from '../host/work.ts';
import { parseCatalog, type CatalogContent } from './catalog-document.ts';
import { readUrl } from './read-url.ts';

export interface CatalogReader {
  readonly url: string;
  /** Never rejects but for the caller's abort: what cannot be read is a warning, and has nothing in it */
  readonly read: (work: WorkOptions) => Promise<CatalogContent>;
}

export interface CatalogReaderOptions {
  readonly url: URL;
  /** For the last good copies of what is on the web */
  readonly cacheDir: string;
  readonly clock: Clock;
}

const MAX_CATALOG_BYTES = 8 * 1024 * 1024;
/** For all of it: people wait for this */
const DEADLINE_MS = 20_000;
const empty: CatalogContent = { images: [], kernels: [], problems: [] };

/** Reads one catalog whenever it is asked for; the last good copy stands in for a web server that is away. */
export function createCatalogReader({ url, cacheDir, clock }: CatalogReaderOptions): CatalogReader {
  const copy = url.protocol === 'file:' ? undefined : join(cacheDir, `${nameOf(url.href)}.json`);

  const told = new WeakMap<Progress, Set<string>>();
  /** One piece of work may look twice, and is told once. */
  const warn = (progress: Progress, message: string): void => {
    const known = told.get(progress) ?? new Set();
    told.set(progress, known);
    if (!known.has(message)) progress.warn(message);
    known.add(message);
  };

  const fetchNow = async (signal: AbortSignal): Promise<CatalogContent> => {
    const text = await readAll(url, { clock, signal });
    const content = parseCatalog(text, url);
    if (content === undefined) throw unusable(url, 'it is no catalog of banger');
    if (copy !== undefined) {
      await mkdir(cacheDir, { recursive: true, mode: 0o700 });
      await replaceFile(copy, text);
    }
    return content;
  };

  return {
    url: url.href,
    read: async ({ signal, progress }) => {
      const deadline = AbortSignal.timeout(DEADLINE_MS);
      try {
        const content = await fetchNow(AbortSignal.any([signal, deadline]));
        for (const problem of content.problems) {
          warn(progress, `Cannot use a part of catalog "${url.href}": ${problem}`);
        }
        return content;
      } catch (error) {
        signal.throwIfAborted();
        const fact = deadline.aborted
          ? `Cannot read "${url.href}": it took longer than ${String(DEADLINE_MS / 1000)} s`
          : messageOf(error);
        const kept = copy === undefined ? undefined : await lastGood(copy, url);
        warn(
          progress,
          kept === undefined
            ? `A catalog is left out: ${fact}`
            : `A catalog is as it was on ${kept.since}: ${fact}`,
        );
        return kept?.content ?? empty;
      }
    },
  };
}

async function readAll(
  url: URL,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readUrl(url, { from: 0, clock, once: true, signal })) {
    bytes += chunk.length;
    if (bytes > MAX_CATALOG_BYTES) {
      throw unusable(url, `it has more than ${String(MAX_CATALOG_BYTES / 1024 / 1024)} MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function lastGood(
  file: string,
  url: URL,
): Promise<{ readonly content: CatalogContent; readonly since: string } | undefined> {
  try {
    const content = parseCatalog(await readFile(file, 'utf8'), url);
    const { mtime } = await stat(file);
    return content && { content, since: mtime.toISOString() };
  } catch {
    return undefined; // There was never a good one.
  }
}

function nameOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 32);
}

function unusable(url: URL, fact: string): BangerError {
  return new BangerError('catalog.unreachable', `Cannot read "${url.href}": ${fact}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
