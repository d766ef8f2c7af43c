import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { requireTools } from '../../debian/host-tools.ts';
import type { Processes } from '../../host/processes.ts';

const PACKAGE = '@jdxcode/mise-linux-x64';
/** Seconds where npm's registry answers; one that stalls is asked once more while the image is made beside it */
const DEADLINE_MS = 120_000;
const ATTEMPTS = 2;

export interface MiseFetch {
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string>>;
  readonly dir: string;
  readonly signal: AbortSignal;
}

export type FetchedMise =
  | { readonly kind: 'fetched'; readonly file: string; readonly version: string }
  | { readonly kind: 'unavailable'; readonly because: string };

/**
 * Gets mise's program through the host's npm, as the host has set it up (registry, proxies, log-ins). An image is of
 * use without it, so not getting it is an answer and no error.
 */
export async function fetchMise(fetch: MiseFetch): Promise<FetchedMise> {
  for (let attempt = 1; ; attempt += 1) {
    const fetched = await tryFetch(fetch);
    if (fetched.kind === 'fetched' || !fetched.isSlow || attempt === ATTEMPTS) return fetched;
  }
}

async function tryFetch({
  processes,
  env,
  dir,
  signal,
}: MiseFetch): Promise<FetchedMise & { readonly isSlow?: boolean }> {
  const npm = await processes.find('npm');
  if (npm === undefined) return { kind: 'unavailable', because: 'npm is not installed' };
  await mkdir(dir, { recursive: true });
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const options = { cwd: dir, env, signal: AbortSignal.any([signal, deadline]) };
    const packed = await processes.run([npm, 'pack', '--silent', PACKAGE], options);
    const archive = (await readdir(dir)).find((file) => file.endsWith('.tgz'));
    if (packed.exitCode !== 0 || archive === undefined)
      return { kind: 'unavailable', because: lastLine(packed.stderr) };
    const { tar } = await requireTools(processes, ['tar']);
    const member = 'package/bin/mise';
    const unpacked = await processes.run([tar, '-xzf', archive, member], options);
    if (unpacked.exitCode !== 0) return { kind: 'unavailable', because: lastLine(unpacked.stderr) };
    const version = /-(\d[\w.]*)\.tgz$/.exec(archive)?.[1] ?? 'unknown';
    return { kind: 'fetched', file: join(dir, member), version };
  } catch (error) {
    signal.throwIfAborted();
    const isSlow = deadline.aborted;
    return { kind: 'unavailable', because: isSlow ? 'npm took too long' : String(error), isSlow };
  }
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /\S/.test(line));
  return lines.find((line) => /npm error|ERR!/.test(line)) ?? lines.at(-1) ?? 'npm gave no reason';
}
