import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Processes } from './processes.ts';

/** Who somebody commits as. */
export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** The daemon's user, as git knows them. */
export interface GitUser {
  /** undefined: git is not there, or does not know either */
  identity(): Promise<GitIdentity | undefined>;
}

export interface GitUserDeps {
  readonly processes: Pick<Processes, 'find' | 'run'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const GIT_MS = 5_000;
const MAX_VALUE_BYTES = 256;

/**
 * Asks git, which knows about includes and conditions, and asks again only when one of the files that it begins with is
 * another than it was: that costs two calls of stat(2), where git costs a process.
 */
export function createGitUser({ processes, env }: GitUserDeps): GitUser {
  let known: { readonly stamp: string; readonly identity: GitIdentity | undefined } | undefined;
  return {
    async identity() {
      const stamps = await Promise.all(globalFiles(env).map(stampOf));
      const stamp = stamps.join(' ');
      if (stamps.every((one) => one === MISSING)) return undefined;
      if (known?.stamp !== stamp) known = { stamp, identity: await ask(processes) };
      return known.identity;
    },
  };
}

/** git-config(1), "FILES" */
function globalFiles(env: GitUserDeps['env']): readonly string[] {
  const given = env['GIT_CONFIG_GLOBAL'];
  if (given !== undefined) return given === '' ? [] : [given];
  const home = env['HOME'] ?? '/';
  const config = env['XDG_CONFIG_HOME'];
  const base = config === undefined || config === '' ? join(home, '.config') : config;
  return [join(base, 'git', 'config'), join(home, '.gitconfig')];
}

const MISSING = 'missing';

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return [mtimeMs, size, ino].join(':');
  } catch {
    return MISSING; // One that cannot be read is none to git, too.
  }
}

async function ask(processes: GitUserDeps['processes']): Promise<GitIdentity | undefined> {
  const git = await processes.find('git');
  if (git === undefined) return undefined;
  const wanted = String.raw`^user\.(name|email)$`;
  const command = [git, 'config', '--global', '--includes', '-z', '--get-regexp', wanted] as const;
  try {
    const { stdout } = await processes.run(command, { signal: AbortSignal.timeout(GIT_MS) });
    return parseIdentity(stdout);
  } catch {
    return undefined; // A git that does not work is the user's to notice, not a reason for a VM not to start.
  }
}

/** `user.name\nAna\0user.email\n…\0`; the last of each counts. */
export function parseIdentity(text: string): GitIdentity | undefined {
  const found = new Map<string, string>();
  for (const record of text.split('\0')) {
    const [key = '', ...value] = record.split('\n');
    found.set(key.toLowerCase(), value.join('\n'));
  }
  const name = usable(found.get('user.name'));
  const email = usable(found.get('user.email'));
  return name === '' && email === '' ? undefined : { name, email };
}

/** What a guest would not take is left out. */
function usable(value = ''): string {
  return /\p{Cc}/u.test(value) || Buffer.byteLength(value) > MAX_VALUE_BYTES ? '' : value;
}
