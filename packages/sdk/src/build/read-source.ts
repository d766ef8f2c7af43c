import { Buffer } from 'node:buffer';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { readIgnorePatterns, type IgnorePatterns } from './ignore-patterns.ts';

/** What a build is made from, on this machine. */
export interface BuildSource {
  /** A directory, or a tar stream, plain or compressed; undefined: there are no files */
  readonly context: string | AsyncIterable<Uint8Array> | undefined;
  /**
   * A path, `Dockerfile` in the context when left out; or the text itself. A path with a stream as context is one in it
   */
  readonly dockerfile?: string | { readonly text: string } | undefined;
}

export interface ReadSource {
  readonly dockerfile: { readonly name: string; readonly text?: string | undefined };
  readonly patterns: IgnorePatterns;
}

/** Reads the Dockerfile and what is to be ignored; `<Dockerfile>.dockerignore` counts before `.dockerignore`. */
export async function readSource({ context, dockerfile }: BuildSource): Promise<ReadSource> {
  const dir = typeof context === 'string' ? await directory(context) : undefined;
  if (typeof dockerfile === 'object') {
    const dockerfileText = { name: 'Dockerfile', text: dockerfile.text };
    return { dockerfile: dockerfileText, patterns: await patternsOf(dir, undefined) };
  }
  if (dir === undefined && context !== undefined) {
    return { dockerfile: { name: dockerfile ?? 'Dockerfile' }, patterns: readIgnorePatterns('') };
  }
  const path = dockerfile === undefined ? join(dir ?? '.', 'Dockerfile') : resolve(dockerfile);
  const text = await textOf(path);
  if (text === undefined) throw missing(path);
  const name = relative(process.cwd(), path);
  return {
    dockerfile: { name: name.startsWith('..') ? path : name, text },
    patterns: await patternsOf(dir, path),
  };
}

async function directory(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return realpath(path);
  const why = found === undefined ? 'there is no such directory' : 'it is not a directory';
  throw new BangerError('build.invalid', `Cannot build from "${path}": ${why}`, {
    hint: 'banger image build .',
  });
}

async function patternsOf(
  dir: string | undefined,
  dockerfile: string | undefined,
): Promise<IgnorePatterns> {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  const shared = dir === undefined ? undefined : join(dir, '.dockerignore');
  for (const path of [own, shared]) {
    const text = path === undefined ? undefined : await textOf(path);
    if (path === undefined || text === undefined) continue;
    try {
      return readIgnorePatterns(text);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BangerError('build.invalid', `${path}: ${why}`, { cause });
    }
  }
  return readIgnorePatterns('');
}

const MAX_TEXT_BYTES = 4 * 1024 * 1024;

async function textOf(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > MAX_TEXT_BYTES) {
      throw new BangerError('build.invalid', `Cannot read "${path}": it has more than 4 MiB`);
    }
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    if (cause instanceof BangerError) throw cause;
    throw new BangerError('build.invalid', `Cannot read "${path}"`, {
      cause,
      hint: `ls -l ${path}`,
    });
  }
  return bytes.toString();
}

function missing(path: string): BangerError {
  return new BangerError('build.invalid', `Cannot read "${path}": there is no such file`, {
    hint: 'banger image build -f FILE CONTEXT',
  });
}
