import { copyFile, mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { git } from './git.ts';
import type { HostRepository } from './host-repository.ts';

/** Files to be shipped and the index that belongs to them. */
export interface Checkout {
  readonly root: string;
  /** undefined where there is none: nothing was ever added */
  readonly indexFile: string | undefined;
}

/** Checks a commit out into the directory, without touching the repository's own checkout. */
export async function checkOutCommit(
  { topLevel }: HostRepository,
  { commit, dir }: { readonly commit: string; readonly dir: string },
  signal: AbortSignal,
): Promise<Checkout> {
  const root = join(dir, 'tree');
  const indexFile = join(dir, 'index');
  await mkdir(root);
  const run = { cwd: topLevel, env: { GIT_INDEX_FILE: indexFile } };
  await git({ ...run, args: ['read-tree', commit] }, signal);
  const args = [`--work-tree=${root}`, 'checkout-index', '--all', '--index', '--quiet'];
  await git({ ...run, args }, signal);
  // Later than all of its files, of which git would read those of the same second again.
  const later = new Date(Date.now() + 2000);
  await utimes(indexFile, later, later);
  return { root, indexFile };
}

const PLAIN = [
  '--index-version',
  '2',
  '--no-split-index',
  '--no-untracked-cache',
  '--no-fsmonitor',
];

/**
 * Copies the index into the directory, in the form that every git reads and without what belongs to this host. The copy
 * has the time of the original: git reads files again that are not older than that.
 */
export async function copyIndex(
  { topLevel, files }: HostRepository,
  dir: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const stats = await stat(files.index).catch(() => undefined);
  if (stats === undefined) return undefined;
  const copy = join(dir, 'index.shipped');
  await copyFile(files.index, copy);
  const env = { GIT_INDEX_FILE: copy };
  const args = ['update-index', ...PLAIN, '--force-write-index'];
  await git({ cwd: topLevel, args, env }, signal);
  await utimes(copy, stats.atime, stats.mtime);
  return copy;
}
