import { BangerError } from '@banger/protocol/errors';

import type { BytePath } from './byte-path.ts';
import { quotePath } from './byte-path.ts';
import { checkOutCommit } from './checkout.ts';
import type { GitSource } from './git-source.ts';
import { openRepository, type HostRepository } from './host-repository.ts';
import { lookAtFiles, type FileEntry } from './manifest.ts';
import { chooseTarget, type SourceOptions, type WorkspaceMode } from './target.ts';
import { findSubmodules, type Submodule } from './submodules.ts';
import { readIndex, SUBMODULE_MODE, untrackedFiles, type IndexEntry } from './tracked-files.ts';
import { makeWorkDirectory, type WorkDirectory } from './work-directory.ts';

/** A checkout on the host that was looked at and can be shipped. Disposing it removes what was made for it. */
export interface WorkspaceSource extends GitSource, AsyncDisposable {
  /** Where the files are; the checkout's top unless they are those of another commit */
  readonly root: string;
  readonly submodules: readonly Submodule[];
  /** What is shipped */
  readonly files: readonly FileEntry[];
  /** What is left out and might be missed */
  readonly warnings: readonly string[];
}

/** Looks at a checkout and refuses what cannot be shipped. Writes nothing to it, and contacts nobody. */
export async function openSource(
  path: string,
  options: SourceOptions,
  signal: AbortSignal,
): Promise<WorkspaceSource> {
  await using cleanup = new AsyncDisposableStack();
  let made: Promise<WorkDirectory> | undefined;
  const workDirectory = () => (made ??= makeWorkDirectory().then((dir) => cleanup.use(dir)));

  const { mode = 'shallow', includeUntracked = false } = options;
  const repository = await openRepository(path, signal);
  const { topLevel } = repository;
  const { head, isClean } = await chooseTarget(repository, options, signal);
  const checkout =
    isClean && head.commit !== undefined
      ? await checkOut(repository, { commit: head.commit, workDirectory }, signal)
      : { root: topLevel, indexFile: undefined };
  const [index, others] = await Promise.all([
    readIndex({ cwd: topLevel, indexFile: checkout.indexFile }, signal),
    includeUntracked ? untrackedFiles(topLevel, signal) : [],
  ]);
  refuseSubmodules(path, { mode, isClean }, index);
  const search = { repository, index, prefix: '', workDirectory };
  const submodules = await findSubmodules(search, signal);
  const nested = others.filter((name) => name.endsWith('/'));
  const paths = [
    ...trackedPaths(index),
    ...others.filter((name) => !name.endsWith('/')),
    ...submodules.present.flatMap((module) =>
      trackedPaths(module.git.index).map((name) => `${module.path}/${name}`),
    ),
  ];
  const found = await lookAtFiles(Buffer.from(checkout.root), paths, signal);

  const owned = cleanup.move(); // The source owns it.
  return {
    repository,
    mode,
    head,
    ...checkout,
    index,
    submodules: submodules.present,
    files: [...found, ...submodules.absent],
    warnings: nested.map((name) => `${quotePath(name)} is a repository of its own and is left out`),
    workDirectory: () => (made ??= makeWorkDirectory().then((dir) => owned.use(dir))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function checkOut(
  repository: HostRepository,
  {
    commit,
    workDirectory,
  }: { readonly commit: string; readonly workDirectory: () => Promise<WorkDirectory> },
  signal: AbortSignal,
) {
  const { path: dir } = await workDirectory();
  return checkOutCommit(repository, { commit, dir }, signal);
}

function isSubmodule({ mode }: IndexEntry): boolean {
  return mode === SUBMODULE_MODE;
}

/** An unmerged path is there several times. */
function trackedPaths(index: readonly IndexEntry[]): readonly BytePath[] {
  return [...new Set(index.filter((entry) => !isSubmodule(entry)).map(({ path }) => path))];
}

function refuseSubmodules(
  path: string,
  { mode, isClean }: { readonly mode: WorkspaceMode; readonly isClean: boolean },
  index: readonly IndexEntry[],
): void {
  const first = index.find(isSubmodule);
  if (first === undefined || (mode === 'full_copy' && !isClean)) return;
  const fact = `it has submodules, such as "${quotePath(first.path)}"`;
  throw isClean
    ? new BangerError('workspace.unsupported', `Cannot ship another commit of "${path}": ${fact}`, {
        hint: `git -C ${path} worktree add DIRECTORY COMMIT, and ship that`,
      })
    : new BangerError('workspace.unsupported', `Cannot ship "${path}" in shallow mode: ${fact}`, {
        hint: `banger vm workspace prepare --mode full_copy VM ${path}`,
      });
}
