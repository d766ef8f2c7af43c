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
      return new BangerError('host.path_unusable', `${what}: ${reason(code)}`, {
        cause: error,
        hint: 'Give the directory to your user, or set XDG_STATE_HOME to one that is yours',
      });
    default:
      return error;
  }
}

function reason(code: 'EACCES' | 'EPERM' | 'EROFS'): string {
  return code === 'EROFS' ? 'its file system is read-only' : 'permission denied';
}
