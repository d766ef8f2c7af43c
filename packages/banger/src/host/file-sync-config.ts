import { posix } from 'node:path';

import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

/** One `[[file_sync]]` of the configuration. */
export interface FileSyncEntry {
  /** Absolute, on this machine */
  readonly host: string;
  /** Absolute, below /root */
  readonly guest: string;
  /** Permissions of a file; directories keep theirs */
  readonly mode: number;
}

export interface FileSyncSource {
  readonly file: string;
  readonly text: string;
  /** What "~" is on this machine */
  readonly home: string;
}

const DEFAULT_MODE = 0o600;
const GUEST_HOME = '/root';

const HostPath = z
  .string({ error: 'a path' })
  .refine(isTidy, { error: 'a path without ".." and that is not empty' })
  .refine((path) => path.startsWith('/') || path.startsWith('~/'), {
    error: 'an absolute path, or one that begins with "~/"',
  });
const GuestPath = z
  .string({ error: 'a path' })
  .refine(isTidy, { error: 'a path without ".." and that is not empty' })
  .refine((path) => /^(~|\/root)\//.test(path), {
    error: 'a path that begins with "~/" or "/root/"',
  });
const Mode = z
  .string({ error: 'permissions in quotes, such as "0644"' })
  .regex(/^0?[0-7]{3}$/, { error: 'permissions in quotes, such as "0644"' })
  .transform((text) => Number.parseInt(text, 8));

const Entry = z.strictObject({ host: HostPath, guest: GuestPath, mode: Mode.optional() });

/** Pure. Rejects the first bad entry with its index, counted from 0, and its line. */
export function parseFileSync(value: unknown, source: FileSyncSource): readonly FileSyncEntry[] {
  if (!Array.isArray(value))
    throw refusal(source, 0, 'it is not a list of tables, "[[file_sync]]"');
  return value.map((entry: unknown, index) => {
    const result = Entry.safeParse(entry);
    if (!result.success) throw refusal(source, index, result.error.issues.map(describe).join('; '));
    const { host, guest, mode = DEFAULT_MODE } = result.data;
    return { host: fromHome(host, source.home), guest: guestTarget(host, guest), mode };
  });
}

function isTidy(path: string): boolean {
  return path !== '' && !path.includes('\0') && !path.split('/').includes('..');
}

function fromHome(path: string, home: string): string {
  return path.startsWith('~/') ? `${home}${path.slice(1)}` : path;
}

/** With a slash at its end it is the directory to put it in. */
function guestTarget(host: string, guest: string): string {
  const at = fromHome(guest, GUEST_HOME);
  return posix.normalize(at.endsWith('/') ? `${at}${posix.basename(host)}` : at);
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no key "${issue.keys.join('", "')}"`;
  return `"${issue.path.join('.')}" takes ${issue.message}`;
}

function refusal({ file, text }: FileSyncSource, index: number, fact: string): BangerError {
  const where = `${file}:${String(lineOf(text, index))}`;
  return new BangerError(
    'config.invalid',
    `Cannot use file_sync entry ${String(index)} at ${where}: ${fact}`,
    { hint: `Edit ${where}` },
  );
}

/** Of the header of the entry; 1 when it cannot be told. */
function lineOf(text: string, index: number): number {
  const headers = [...text.split('\n').entries()].filter(([, line]) =>
    /^\s*\[\[\s*file_sync\s*\]\]/.test(line),
  );
  return (headers[index]?.[0] ?? 0) + 1;
}
