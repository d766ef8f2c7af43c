import { BangerError } from '@banger/protocol/errors';

/** Result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** What SQLite said about a file, as an error that says what to do; anything else is passed on as it is. */
export function explainSqlite(
  error: unknown,
  file: string,
  { what, hint }: { readonly what: string; readonly hint: string },
): unknown {
  const reason = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new BangerError('daemon.start_failed', `${what}: it is damaged (${reason})`, {
        cause: error,
        hint,
        details: { file },
      });
    case SQLITE_FULL:
      return new BangerError('host.disk_full', `${what}: no space is left on its file system`, {
        cause: error,
        hint: 'df -h; banger vm prune',
      });
    case undefined:
    default:
      return error;
  }
}

/** Extended codes carry the plain one in their low byte. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return Number(error.errcode) & 0xff;
}
