import { DatabaseSync } from 'node:sqlite';

import { BangerError } from '@banger/protocol/errors';

import { explainSqlite, isBusy } from './explain-sqlite.ts';

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
    if (!isBusy(cause)) {
      throw explainSqlite(cause, file, { what: `Cannot lock "${file}"`, hint: `rm ${file}` });
    }
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
