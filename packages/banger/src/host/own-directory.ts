import { chmod, lstat, mkdir } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from './file-errors.ts';

/**
 * Makes a directory 0700, or checks that the one which is there is a real directory of this user: whoever else could
 * write to it could put a socket of theirs in our place. Permissions of others on our own directory are taken away.
 */
export async function ensureOwnDirectory(path: string, uid: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, `Cannot make directory "${path}"`);
  }
  const found = await lstat(path);
  if (!found.isDirectory()) throw unusable(path, 'it is not a directory');
  if (found.uid !== uid)
    throw unusable(path, `it belongs to uid ${String(found.uid)}, not to uid ${String(uid)}`);
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}

function unusable(path: string, why: string): BangerError {
  return new BangerError('host.path_unusable', `Cannot use directory "${path}": ${why}`, {
    hint: 'Set XDG_STATE_HOME and XDG_RUNTIME_DIR to directories of your own',
  });
}
