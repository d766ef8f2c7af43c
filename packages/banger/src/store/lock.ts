import { DatabaseSync } from 'node:sqlite';

import { BangerError } from '@banger/protocol/errors';

import { explainSqlite, isBusy } from './explain-sqlite.ts';

/** Two that look at the same moment are in each other's way: one of them has to try again, or both would give up. */
const RIVAL_MS = 1000;

/**
 * One daemon per state directory: an SQLite file held in an exclusive transaction. The kernel drops the lock with the
 * process, however it ends, so no stale lock exists (SQLite file locking, sqlite.org/lockingv3.html).
 */
export function lockStateDir(file: string): Disposable {
  const db = new DatabaseSync(file, { timeout: RIVAL_MS });
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
