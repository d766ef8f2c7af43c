// eslint-disable-next-line no-restricted-imports -- The client reads and writes the client's files; this is one, and the CLI may not import src/host.
import { lstat, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import type { World } from './world.ts';

/** The user's ssh configuration. */
export function userSshConfig({ env }: Pick<World, 'env'>): string {
  const home = env['HOME'];
  if (home?.startsWith('/') === true) return join(home, '.ssh/config');
  throw new BangerError('usage.invalid', 'Cannot find your ssh configuration: HOME is not set', {
    hint: 'export HOME=/home/you',
  });
}

/** One byte is one character; empty when there is no such file. */
export async function readSshConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw unusable(file, 'read', error);
  }
}

/**
 * Changes the file in one step and keeps its mode, also where it is a link to another place. One that has nothing in it
 * any more goes. True when it was changed.
 */
export async function changeSshConfig(
  file: string,
  change: (text: string) => string,
): Promise<boolean> {
  const before = await readSshConfig(file);
  const after = change(before);
  if (after === before) return false;
  try {
    const isLink = await isLinkTo(file);
    if (after === '' && !isLink) await rm(file);
    else await replace(isLink ? await realpath(file) : file, after);
  } catch (error) {
    throw unusable(file, 'write', error);
  }
  return true;
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0o600;
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { encoding: 'latin1', mode: mode & 0o777 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function isLinkTo(file: string): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined);
  return found?.isSymbolicLink() === true;
}

function unusable(file: string, verb: string, cause: unknown): BangerError {
  const fact = codeOf(cause) ?? String(cause);
  return new BangerError('host.path_unusable', `Cannot ${verb} "${file}": ${fact}`, {
    cause,
    hint: `ls -lL "${file}"`,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
