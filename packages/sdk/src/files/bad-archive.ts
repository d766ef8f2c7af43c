import { BangerError } from '@banger/protocol/errors';

import { TarError } from '../tar/tar-error.ts';

export function badArchive(fact: string, cause?: unknown): BangerError {
  return new BangerError('files.bad_archive', `Cannot unpack the archive: ${fact}`, {
    cause,
    hint: 'tar --list --verbose --file ARCHIVE',
  });
}

/** What the reader of archives says, as a failure of the copy; everything else stays what it is. */
export function explainArchive(error: unknown): unknown {
  return error instanceof TarError ? badArchive(error.message, error) : error;
}
