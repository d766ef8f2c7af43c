import type { DatabaseSync } from 'node:sqlite';

/** Facts about the host that a later daemon should know, such as "KVM never reached an agent here". */
export interface Facts {
  get(key: FactKey): { readonly value: string; readonly at: string } | undefined;
  set(key: FactKey, value: string, at: Date): void;
  forget(key: FactKey): void;
}
export type FactKey = 'kvm-failed';

export function createFactsTable(db: DatabaseSync): Facts {
  const select = db.prepare('SELECT value, at FROM facts WHERE key = ?');
  const upsert = db.prepare(
    'INSERT INTO facts (key, value, at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at',
  );
  const remove = db.prepare('DELETE FROM facts WHERE key = ?');
  return {
    get(key) {
      const row = select.get(key);
      return row === undefined ? undefined : { value: String(row['value']), at: String(row['at']) };
    },
    set(key, value, at) {
      upsert.run(key, value, at.toISOString());
    },
    forget(key) {
      remove.run(key);
    },
  };
}
