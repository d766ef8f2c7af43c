import { BangerError } from '@banger/protocol/errors';

import { askGit } from './git.ts';
import type { Head, HostRepository } from './host-repository.ts';

/** What is shipped of a repository, as far as the caller chooses. */
export interface SourceOptions {
  /** `shallow` (the default): the last commits. `full_copy`: all of them, all branches and tags, submodules */
  readonly mode?: WorkspaceMode | undefined;
  /** A branch that is made in the guest */
  readonly branch?: string | undefined;
  /** Where that branch begins; default: HEAD, with what is not committed */
  readonly from?: string | undefined;
  /** Also files that are neither tracked nor ignored */
  readonly includeUntracked?: boolean | undefined;
}

export type WorkspaceMode = 'shallow' | 'full_copy';

/** Where HEAD stands in the guest. */
export interface Target {
  readonly head: Head;
  /** The files are those of the commit, not those of the checkout */
  readonly isClean: boolean;
}

/** Works out branch and commit; refuses what makes no sense. */
export async function chooseTarget(
  { topLevel, head }: HostRepository,
  { branch, from, includeUntracked }: SourceOptions,
  signal: AbortSignal,
): Promise<Target> {
  if (branch === undefined) {
    if (from !== undefined) throw usage('Cannot use --from without --branch', '--branch NAME');
    return { head, isClean: false };
  }
  const checked = await askGit(
    { cwd: topLevel, args: ['check-ref-format', `refs/heads/${branch}`], statuses: [0, 1] },
    signal,
  );
  if (checked.status !== 0 || branch.startsWith('-')) {
    throw usage(`Cannot make branch "${branch}": git takes no such name`, '--branch NAME');
  }
  const ref = `refs/heads/${branch}`;
  if (from === undefined) return { head: { ref, commit: head.commit }, isClean: false };
  const args = ['rev-parse', '-q', '--verify', '--end-of-options', `${from}^{commit}`];
  const found = await askGit({ cwd: topLevel, args, statuses: [0, 1, 128] }, signal);
  const commit = found.stdout.toString().trim();
  if (found.status !== 0 || commit === '') {
    throw usage(
      `Cannot begin branch "${branch}" at "${from}": the repository has no such commit`,
      `git -C ${topLevel} log --oneline --all`,
    );
  }
  const isClean = commit !== head.commit;
  if (isClean && includeUntracked === true) {
    throw usage(
      'Cannot use --include-untracked with --from: the files are those of another commit',
      'Leave out one of them',
    );
  }
  return { head: { ref, commit }, isClean };
}

function usage(message: string, hint: string): BangerError {
  return new BangerError('usage.invalid', message, { hint });
}
