import { withoutCredentials } from './git-url.ts';
import type { HostRepository } from './host-repository.ts';

/** Settings that decide what git takes as a change; the host's hold in the guest, too. */
const COPIED = [
  'core.filemode',
  'core.symlinks',
  'core.ignorecase',
  'core.precomposeunicode',
  'core.autocrlf',
  'core.eol',
  'core.safecrlf',
] as const;

/**
 * `.git/config` of the guest. Nothing of the host's file is taken but this: it may hold secrets. Times of files are compared
 * to the second and inodes not at all, so that git does not read every file again in the guest.
 */
export function guestConfig(
  { settings, objectFormat, head }: HostRepository,
  worktree?: string,
): string {
  const isSha1 = objectFormat === 'sha1';
  const origin = settings.get('remote.origin.url');
  const branch = head.ref?.replace('refs/heads/', '') ?? '';
  const merge = settings.get(`branch.${branch}.merge`);
  const follows = settings.get(`branch.${branch}.remote`) === 'origin' && merge !== undefined;
  return [
    '[core]',
    line('repositoryformatversion', isSha1 ? '0' : '1'),
    line('bare', 'false'),
    line('logallrefupdates', 'true'),
    line('checkStat', 'minimal'),
    line('trustctime', 'false'),
    ...COPIED.map((key) => optional(key.slice('core.'.length), settings.get(key))),
    optional('worktree', worktree),
    ...(isSha1 ? [] : ['[extensions]', line('objectFormat', objectFormat)]),
    ...section('[user]', [
      optional('name', settings.get('user.name')),
      optional('email', settings.get('user.email')),
    ]),
    ...section('[remote "origin"]', [
      optional('url', origin === undefined ? undefined : withoutCredentials(origin)),
      origin === undefined ? '' : line('fetch', '+refs/heads/*:refs/remotes/origin/*'),
    ]),
    ...section(
      `[branch "${branch.replace(/["\\]/g, '\\$&')}"]`,
      follows ? [line('remote', 'origin'), line('merge', merge)] : [],
    ),
    ...submodules(settings),
  ]
    .filter((text) => text !== '')
    .map((text) => `${text}\n`)
    .join('');
}

/** Which submodules are in use, and where they came from */
function submodules(settings: HostRepository['settings']): readonly string[] {
  return [...settings].flatMap(([key, value]) => {
    const name = /^submodule\.(.+)\.url$/s.exec(key)?.[1];
    if (name === undefined) return [];
    const title = `[submodule "${name.replace(/["\\]/g, '\\$&')}"]`;
    return [title, line('url', withoutCredentials(value)), line('active', 'true')];
  });
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.some((text) => text !== '') ? [title, ...lines] : [];
}

function optional(key: string, value: string | undefined): string {
  return value === undefined ? '' : line(key, value);
}

/** A value in quotes may have anything, with backslash, quote and line end escaped (git-config(1), Syntax). */
function line(key: string, value: string): string {
  const text = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `\t${key} = "${text}"`;
}
