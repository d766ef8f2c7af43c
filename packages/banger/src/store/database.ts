import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { BangerError } from '@banger/protocol/errors';

import { explainSqlite } from './explain-sqlite.ts';
import { vms } from './migrations/0001-vms.ts';
import { savedStates } from './migrations/0002-saved-states.ts';

/** Forward only; the number of applied ones is the database's `user_version`. */
const migrations: readonly string[] = [vms, savedStates];

/** Opens the database of one daemon and brings its schema up to date. Disposing closes it. */
export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    if (file !== ':memory:') chmodSync(file, 0o600);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw explainSqlite(error, file, {
      what: `Cannot use database "${file}"`,
      hint: `mv ${file} ${file}.damaged`,
    });
  }
}

function migrate(db: DatabaseSync, file: string): void {
  const row = db.prepare('PRAGMA user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new BangerError(
      'daemon.start_failed',
      `Cannot use database "${file}": it was written by a newer banger (schema ${String(version)}, this one knows ${String(migrations.length)})`,
      { hint: 'Install the newer banger again, or use another XDG_STATE_HOME' },
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${String(index + 1)}; COMMIT;`);
  }
}
