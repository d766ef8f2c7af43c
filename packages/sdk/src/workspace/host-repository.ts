import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { askGit, git } from './git.ts';

/** A checkout on the host, as git sees it. */
export interface HostRepository {
  /** The checkout's top directory */
  readonly topLevel: string;
  readonly objectFormat: string;
  /** Files of git, which a linked worktree shares with others; absolute. They may not exist. */
  readonly files: {
    readonly index: string;
    readonly shallow: string;
    readonly exclude: string;
    readonly attributes: string;
    readonly objects: string;
  };
  readonly head: Head;
  /** All settings that hold here, from whichever file; the last one of a key counts */
  readonly settings: ReadonlyMap<string, string>;
}

/** Unborn: a branch and no commit. Detached: a commit and no branch. */
export interface Head {
  readonly commit: string | undefined;
  /** `refs/heads/main` */
  readonly ref: string | undefined;
}

/** Finds the repository that a directory belongs to. Refuses what has no checkout. */
export async function openRepository(path: string, signal: AbortSignal): Promise<HostRepository> {
  await checkDirectory(path);
  const asked = await askGit(
    {
      cwd: path,
      args: ['rev-parse', '--is-bare-repository', '--is-inside-work-tree', '--show-object-format'],
      statuses: [0, 128],
    },
    signal,
  );
  if (asked.status !== 0) throw notARepository(path, asked.stderr);
  const [isBare, isInside, objectFormat = 'sha1'] = asked.stdout.toString().split('\n');
  if (isBare === 'true') throw unusable(path, 'it is a bare repository and has no files');
  if (isInside !== 'true') throw unusable(path, 'it is inside of the git directory');
  const top = await git({ cwd: path, args: ['rev-parse', '--show-toplevel'] }, signal);
  const topLevel = withoutLineEnd(top);
  const [files, ref, commit, settings] = await Promise.all([
    gitFiles(topLevel, signal),
    answerOf({ cwd: topLevel, args: ['symbolic-ref', '-q', 'HEAD'] }, signal),
    answerOf({ cwd: topLevel, args: ['rev-parse', '-q', '--verify', 'HEAD^{commit}'] }, signal),
    git({ cwd: topLevel, args: ['config', '--list', '-z'] }, signal),
  ]);
  return { topLevel, objectFormat, files, head: { commit, ref }, settings: readSettings(settings) };
}

async function checkDirectory(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return;
  const fact = stats === undefined ? 'there is no such directory' : 'it is not a directory';
  throw new BangerError('workspace.not_a_repository', `Cannot ship "${path}": ${fact}`, {
    hint: `To run it as a command: banger vm run -- ${path}`,
  });
}

function notARepository(path: string, stderr: string): BangerError {
  if (stderr.includes('dubious ownership')) {
    return new BangerError(
      'workspace.not_a_repository',
      `Cannot ship "${path}": git does not trust a repository of another user`,
      { hint: `git config --global --add safe.directory ${path}` },
    );
  }
  if (stderr.includes('not a git repository')) {
    return new BangerError(
      'workspace.not_a_repository',
      `Cannot ship "${path}": it is not in a git repository`,
      { hint: `git init ${path}, or "banger cp ${path} VM:/root/" to copy plain files` },
    );
  }
  const fact = stderr.split('\n')[0] ?? '';
  return unusable(path, fact === '' ? 'git cannot read it' : fact);
}

function unusable(path: string, fact: string): BangerError {
  return new BangerError('workspace.not_a_repository', `Cannot ship "${path}": ${fact}`, {
    hint: 'Give the path of a checkout: git clone REPOSITORY DIRECTORY',
  });
}

async function gitFiles(cwd: string, signal: AbortSignal): Promise<HostRepository['files']> {
  const names = ['index', 'shallow', 'info/exclude', 'info/attributes', 'objects'];
  const paths = names.flatMap((name) => ['--git-path', name]);
  const args = ['rev-parse', '--path-format=absolute', ...paths];
  const lines = (await git({ cwd, args }, signal)).toString().split('\n');
  const [index = '', shallow = '', exclude = '', attributes = '', objects = ''] = lines;
  return { index, shallow, exclude, attributes, objects };
}

/** undefined where git says no */
async function answerOf(
  run: { readonly cwd: string; readonly args: readonly string[] },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { status, stdout } = await askGit({ ...run, statuses: [0, 1] }, signal);
  return status === 0 ? withoutLineEnd(stdout) : undefined;
}

/** `key\nvalue\0`, and `key\0` for one that is only named, which means true (git-config(1), -z). */
function readSettings(text: Buffer): ReadonlyMap<string, string> {
  const entries = text.toString().split('\0').slice(0, -1);
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('\n');
      return at === -1 ? [entry, 'true'] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function withoutLineEnd(text: Buffer): string {
  return text.toString().replace(/\n$/, '');
}
