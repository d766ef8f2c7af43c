import { BangerError } from '@banger/protocol/errors';

/** Turns what the kernel said about a path into an error that says what to do; anything else is passed on as it is. */
export function explainFileError(error: unknown, what: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BangerError('host.disk_full', `${what}: no space is left on its file system`, {
        cause: error,
        hint: 'df -h; banger vm prune',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new BangerError('host.path_unusable', `${what}: ${reasons[code]}`, {
        cause: error,
        hint: 'Give the directory to your user, or set XDG_STATE_HOME to one that is yours',
      });
    default:
      return error;
  }
}

const reasons = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is something else of this name',
  ELOOP: 'its path leads round in a circle of links',
  ENAMETOOLONG: 'its name is too long',
} as const;
