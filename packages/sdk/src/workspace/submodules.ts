import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { below, type BytePath } from './byte-path.ts';
import type { GitSource } from './git-source.ts';
import { openRepository, type HostRepository } from './host-repository.ts';
import { lookAtDirectory, type FileEntry } from './manifest.ts';
import { readIndex, SUBMODULE_MODE, type IndexEntry } from './tracked-files.ts';
import type { WorkDirectory } from './work-directory.ts';

/** A repository within a checkout, with its own history. */
export interface Submodule {
  /** Below the top of the whole checkout */
  readonly path: BytePath;
  readonly git: GitSource;
}

/** Submodules that are there, with those within them, and the places of those that are not. */
export interface Submodules {
  readonly present: readonly Submodule[];
  /** Empty directories, which git expects */
  readonly absent: readonly FileEntry[];
}

export interface SubmoduleSearch {
  readonly repository: HostRepository;
  readonly index: readonly IndexEntry[];
  /** Of this repository below the top; empty at the top, else it ends with `/` */
  readonly prefix: BytePath;
  readonly workDirectory: () => Promise<Pick<WorkDirectory, 'path'>>;
}

export async function findSubmodules(
  { repository, index, prefix, workDirectory }: SubmoduleSearch,
  signal: AbortSignal,
): Promise<Submodules> {
  const present: Submodule[] = [];
  const absent: FileEntry[] = [];
  for (const { mode, path: name } of index) {
    if (mode !== SUBMODULE_MODE) continue;
    const path = `${prefix}${name}`;
    const place = below(Buffer.from(repository.topLevel), name).toString();
    const inner = await openWithin(place, signal);
    if (inner === undefined) {
      absent.push(lookAtDirectory(path));
      continue;
    }
    const innerIndex = await readIndex({ cwd: inner.topLevel }, signal);
    const ownDirectory = async () => {
      const dir = join((await workDirectory()).path, 'modules', Buffer.from(path).toString('hex'));
      await mkdir(dir, { recursive: true });
      return { path: dir };
    };
    const { head } = inner;
    const git: GitSource = {
      ...{ repository: inner, head, index: innerIndex, mode: 'full_copy', indexFile: undefined },
      workDirectory: ownDirectory,
    };
    const search = { repository: inner, index: innerIndex, prefix: `${path}/`, workDirectory };
    const deeper = await findSubmodules(search, signal);
    present.push({ path, git }, ...deeper.present);
    absent.push(...deeper.absent);
  }
  return { present, absent };
}

/** undefined when it was never checked out: git then finds the repository around it. */
async function openWithin(place: string, signal: AbortSignal): Promise<HostRepository | undefined> {
  try {
    const found = await openRepository(place, signal);
    return found.topLevel === place ? found : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.message.includes('no such directory')) return undefined;
    throw error;
  }
}

/** Where the git directory of a submodule is in the guest */
export function modulePath(path: BytePath): BytePath {
  return `.git/modules/${path}`;
}

/** The content of `<submodule>/.git`, and the setting that leads back */
export function moduleLinks(path: BytePath): {
  readonly gitFile: string;
  readonly worktree: string;
} {
  const depth = path.split('/').length;
  return {
    gitFile: `gitdir: ${'../'.repeat(depth)}${modulePath(path)}\n`,
    worktree: `${'../'.repeat(depth + 2)}${path}`,
  };
}
