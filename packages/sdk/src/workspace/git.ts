import { spawn } from 'node:child_process';

import { BangerError } from '@banger/protocol/errors';

/**
 * git on the host, by its command line. It is asked to read only: no lock, no refresh of the index, no hook, no daemon, no
 * fetch. A repository is never written to (docs/decisions/0013).
 */
export interface GitRun {
  /** Where it runs */
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Statuses that are an answer; default: 0 */
  readonly statuses?: readonly number[];
}

export interface GitAnswer {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const SETTINGS = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.untrackedCache', 'keep'],
  ['index.sparse', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
] as const;

const ENV = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  LC_ALL: 'C',
};

/** What git wrote; rejects when it ends with a status that is no answer. */
export async function git(run: GitRun, signal: AbortSignal): Promise<Buffer> {
  const answer = await askGit(run, signal);
  return answer.stdout;
}

export function askGit(run: GitRun, signal: AbortSignal): Promise<GitAnswer> {
  const { cwd, args, env, stdin = '', statuses = [0] } = run;
  const settings = SETTINGS.flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn('git', ['--no-optional-locks', ...settings, ...args], {
      cwd,
      env: { ...cleanEnv(), ...ENV, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined); // It ended without reading all; its status says why.
    child.once('error', (cause) => reject(signal.aborted ? reasonOf(signal) : notStarted(cause)));
    child.once('close', (status) => {
      const answer = {
        status: status ?? -1,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString().trim(),
      };
      if (statuses.includes(answer.status)) resolve(answer);
      else reject(signal.aborted ? reasonOf(signal) : gitFailed(run, answer));
    });
    child.stdin.end(stdin);
  });
}

/** Our caller's git settings (GIT_DIR, GIT_INDEX_FILE: banger may run in a hook) are about another repository. */
function cleanEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return Object.fromEntries(entries);
}

function notStarted(cause: Error): BangerError {
  return new BangerError('host.tool_missing', 'Cannot run "git": it is not installed', {
    cause,
    hint: 'sudo apt install git',
  });
}

function gitFailed({ cwd, args }: GitRun, { status, stderr }: GitAnswer): BangerError {
  const fact = stderr.split('\n')[0]?.replace(/^(fatal|error): /, '') ?? '';
  const verb = args.find((word) => !word.startsWith('-')) ?? '';
  return new BangerError(
    'workspace.git_failed',
    `Cannot read the repository "${cwd}": git ${verb} ended with ${String(status)}${fact === '' ? '' : `: ${fact}`}`,
    { hint: `git -C ${cwd} status`, details: { stderr } },
  );
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
