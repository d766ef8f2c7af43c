import { dirname } from 'node:path/posix';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';

import { showName, type ByteName } from '../tar/byte-name.ts';

export function fileError(code: ErrorCode, message: string, hint?: string): BangerError {
  return new BangerError(code, message, { hint });
}

export function fileChanged(path: ByteName): BangerError {
  return fileError(
    'files.changed',
    `Cannot copy "${showName(path)}": it changed or vanished while it was copied`,
    'Copy again when nothing writes there.',
  );
}

const facts: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['files.not_found', 'there is no such file or directory'],
  ENOTDIR: ['files.wrong_kind', 'a part of the path is not a directory'],
  EISDIR: ['files.wrong_kind', 'a directory is there'],
  ENOTEMPTY: ['files.wrong_kind', 'a directory is there'],
  ENAMETOOLONG: ['host.path_unusable', 'the name is too long'],
  EACCES: ['host.path_unusable', 'permission denied'],
  EPERM: ['host.path_unusable', 'it is not permitted'],
  EROFS: ['host.path_unusable', 'the file system is read-only'],
  EXDEV: ['host.path_unusable', 'it is on another file system'],
  ENOSPC: ['host.disk_full', 'its disk is full'],
  EDQUOT: ['host.disk_full', 'the disk quota is used up'],
};

/** For pasting into a shell. */
export function quoteName(name: ByteName): string {
  const text = showName(name);
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** What the system said of a path, with the path. */
export function explainFile(verb: 'read' | 'write', path: ByteName, cause: unknown): unknown {
  // What is no failed call of the system is somebody else's: the caller's abort, a connection that broke.
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause;
  const code = 'code' in cause ? String(cause.code) : '';
  const [known, fact] = facts[code] ?? (['host.path_unusable', code || cause.message] as const);
  const hint = `${known === 'host.disk_full' ? 'df -h' : 'ls -la'} ${quoteName(dirname(path))}`;
  return new BangerError(known, `Cannot ${verb} "${showName(path)}": ${fact}`, { cause, hint });
}
