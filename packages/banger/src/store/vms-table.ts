import type { DatabaseSync } from 'node:sqlite';

import { BangerError } from '@banger/protocol/errors';

import { VmRecord, type VmRecords } from '../machine/record.ts';

/** VMs by id; the record itself is one JSON column, checked by its schema when it is read. */
export function createVmsTable(db: DatabaseSync): VmRecords {
  const selectAll = db.prepare('SELECT record, generation FROM vms ORDER BY rowid');
  const selectOne = db.prepare('SELECT record, generation FROM vms WHERE id = ?');
  const insertOne = db.prepare(
    'INSERT INTO vms (id, name, record, generation) VALUES (?, ?, ?, 1)',
  );
  const updateOne = db.prepare(
    'UPDATE vms SET record = ?, name = ?, generation = generation + 1 WHERE id = ? AND generation = ?',
  );
  const deleteOne = db.prepare('DELETE FROM vms WHERE id = ?');

  return {
    all: () => selectAll.all().map(fromRow),
    get(id) {
      const row = selectOne.get(id);
      return row === undefined ? undefined : fromRow(row);
    },
    insert(record) {
      const stored = { ...record, generation: 1 };
      unlessTaken(record.name, () => insertOne.run(record.id, record.name, JSON.stringify(stored)));
      return stored;
    },
    update(record, change) {
      const next = { ...record, ...change, generation: record.generation + 1 };
      const { changes } = unlessTaken(next.name, () =>
        updateOne.run(JSON.stringify(next), next.name, record.id, record.generation),
      );
      if (Number(changes) === 1) return next;
      throw new BangerError(
        'vm.busy',
        `Cannot change VM "${record.name}": it was changed meanwhile`,
        {
          hint: `banger vm show ${record.name}`,
        },
      );
    },
    delete(id) {
      deleteOne.run(id);
    },
  };
}

function fromRow(row: Record<string, unknown>): VmRecord {
  const record: unknown = JSON.parse(String(row['record']));
  return VmRecord.parse({ ...Object(record), generation: Number(row['generation']) });
}

function unlessTaken<T>(name: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw isUniqueViolation(cause) ? nameTaken(name, cause) : cause;
  }
}

function isUniqueViolation(error: unknown): boolean {
  // SQLite result code 19, extended 2067 (SQLITE_CONSTRAINT_UNIQUE) and 1555 (…_PRIMARYKEY).
  return (
    error instanceof Error && 'errcode' in error && [2067, 1555].includes(Number(error.errcode))
  );
}

function nameTaken(name: string, cause: unknown): BangerError {
  return new BangerError('vm.name_taken', `Cannot create VM "${name}": there is one of this name`, {
    cause,
    hint: `banger vm show ${name}`,
  });
}
