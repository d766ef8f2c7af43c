import { DatabaseSync } from 'node:sqlite';

import { BangerError } from '@banger/protocol/errors';

/**
 * One daemon per state directory: an SQLite file held in an exclusive transaction. The kernel drops the lock with the
 * process, however it ends, so no stale lock exists (SQLite file locking, sqlite.org/lockingv3.html).
 */
export function lockStateDir(file: string): Disposable {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;');
  } catch (cause) {
    db.close();
    if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === 5)) throw cause; // SQLITE_BUSY
    throw new BangerError(
      'daemon.already_running',
      `Cannot lock "${file}": another daemon owns the state directory`,
      {
        cause,
        hint: 'banger daemon status',
      },
    );
  }
  return {
    [Symbol.dispose]() {
      if (db.isOpen) db.close();
    },
  };
}
