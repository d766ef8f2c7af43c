import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { followUrl } from '../host/catalog-url.ts';

/** A server that says nothing for so long is given up. */
const SILENCE_MS = 30_000;
const MAX_REDIRECTS = 5;
/** Before the second and the third attempt */
const RETRY_AFTER_MS = [500, 2000] as const;
const CHUNK_BYTES = 1024 * 1024;

export interface Reading {
  readonly from: number;
  readonly clock: Clock;
  /** For somebody who waits: what fails is not tried again */
  readonly once?: boolean;
  readonly signal: AbortSignal;
}

/**
 * The bytes at a URL from `from` on: of a file, or of a web server, with as much patience as a good download has: what breaks
 * off in the middle is gone on with, twice; silence has a deadline; redirects are few and never to less trust. How
 * much comes is not bounded here.
 */
export async function* readUrl(
  url: URL,
  { from, clock, once = false, signal }: Reading,
): AsyncGenerator<Uint8Array, void> {
  if (url.protocol === 'file:') {
    yield* readLocal(url, from, signal);
    return;
  }
  let at = from;
  for (const pauseMs of once ? [undefined] : [...RETRY_AFTER_MS, undefined]) {
    try {
      for await (const chunk of readOnce(url, { from: at, clock, signal })) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (pauseMs === undefined || (error instanceof BangerError && !isPassing(error))) throw error;
      await clock.wait(pauseMs, signal);
    }
  }
}

function isPassing({ details }: BangerError): boolean {
  return details['isPassing'] === true;
}

async function* readLocal(
  url: URL,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const file = createReadStream(fileURLToPath(url), {
    start: from,
    highWaterMark: CHUNK_BYTES,
    signal,
  });
  try {
    for await (const chunk of file) yield chunk as Buffer; // A stream without an encoding.
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const facts: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    };
    throw unreachable(url, facts[code] ?? code, { cause: error });
  }
}

async function* readOnce(
  url: URL,
  { from, clock, signal }: Reading,
): AsyncGenerator<Uint8Array, void> {
  using silence = watchSilence(clock);
  const until = AbortSignal.any([signal, silence.signal]);
  try {
    const response = await request(url, from, { until, heard: silence.heard });
    const body = response.body ?? [];
    // A server that knows no ranges begins at the beginning.
    let skip = response.status === 206 ? 0 : from;
    for await (const value of body) {
      const chunk = value as Uint8Array; // The Fetch standard's bodies have no other.
      silence.heard();
      const used = Math.min(skip, chunk.length);
      skip -= used;
      if (used < chunk.length) yield chunk.subarray(used);
      silence.heard();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BangerError) throw error;
    const fact = silence.signal.aborted
      ? `it sent nothing for ${String(SILENCE_MS / 1000)} s`
      : reasonOf(error);
    throw unreachable(url, fact, { cause: error, isPassing: true });
  }
}

/** What Node wraps as "fetch failed" has its reason inside. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
}

async function request(
  first: URL,
  from: number,
  { until, heard }: { readonly until: AbortSignal; readonly heard: () => void },
): Promise<Response> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const headers = {
      'accept-encoding': 'identity',
      ...(from > 0 && { range: `bytes=${String(from)}-` }),
    };
    const response = await fetch(url, { headers, redirect: 'manual', signal: until });
    heard();
    const { status } = response;
    if (status === 200 || (status === 206 && startsAt(response, from))) return response;
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (status < 300 || status >= 400 || location === null) {
      const isPassing = status >= 500 || status === 429;
      throw unreachable(url, `the server answers with status ${String(status)}`, { isPassing });
    }
    const next = followUrl(location, url);
    if (next === undefined)
      throw unreachable(
        url,
        `it redirects to "${location.slice(0, 200)}", where nothing is read from`,
      );
    url = next;
  }
  throw unreachable(first, `it redirects more than ${String(MAX_REDIRECTS)} times`);
}

function startsAt({ headers }: Response, from: number): boolean {
  return headers.get('content-range')?.startsWith(`bytes ${String(from)}-`) === true;
}

interface Silence extends Disposable {
  readonly signal: AbortSignal;
  readonly heard: () => void;
}

/** Aborts once nothing was heard between two looks at it. */
function watchSilence(clock: Clock): Silence {
  const tooLong = new AbortController();
  const over = new AbortController();
  let heardSinceLook = true;
  const watch = async (): Promise<void> => {
    while (heardSinceLook) {
      heardSinceLook = false;
      await clock.wait(SILENCE_MS, over.signal);
    }
    tooLong.abort();
  };
  watch().catch(() => undefined); // It rejects when it is over.
  return {
    signal: tooLong.signal,
    heard: () => {
      heardSinceLook = true;
    },
    [Symbol.dispose]: () => {
      over.abort();
    },
  };
}

function unreachable(
  url: URL,
  fact: string,
  { cause, isPassing = false }: { readonly cause?: unknown; readonly isPassing?: boolean } = {},
): BangerError {
  return new BangerError('catalog.unreachable', `Cannot read "${url.href}": ${fact}`, {
    cause,
    hint: url.protocol === 'file:' ? `ls -l ${fileURLToPath(url)}` : `curl -LfsSI ${url.href}`,
    details: { isPassing },
  });
}
