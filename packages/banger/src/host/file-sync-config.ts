import { posix } from 'node:path';

import { z } from 'zod';

import { parseTables, type TableSource } from './config-tables.ts';

/** One `[[file_sync]]` of the configuration. */
export interface FileSyncEntry {
  /** Absolute, on this machine */
  readonly host: string;
  /** Absolute, below /root */
  readonly guest: string;
  /** Permissions of a file; directories keep theirs */
  readonly mode: number;
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

/** Pure. Rejects the first bad entry with its index and line. */
export function parseFileSync(value: unknown, source: TableSource): readonly FileSyncEntry[] {
  const entries = parseTables({ key: 'file_sync', schema: Entry }, value, source);
  return entries.map(({ host, guest, mode = DEFAULT_MODE }) => {
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
