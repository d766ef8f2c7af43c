import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { VmId } from '@banger/protocol/ids';

import type { JournalRecords } from '../machine/record.ts';

const Row = z.object({
  vm: VmId,
  at: z.string(),
  operation: z.string(),
  step: z.string(),
  phase: z.string(),
  error: z.string().nullable(),
});

/** Kept per VM; older lines go first. */
const KEPT_LINES = 500;

export function createJournalTable(db: DatabaseSync): JournalRecords {
  const insert = db.prepare(
    'INSERT INTO journal (vm, at, operation, step, phase, error) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const select = db.prepare(
    'SELECT vm, at, operation, step, phase, error FROM journal WHERE vm = ? ORDER BY seq',
  );
  const trim = db.prepare(
    `DELETE FROM journal WHERE vm = ?1 AND seq <= (SELECT seq FROM journal WHERE vm = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ${String(KEPT_LINES)})`,
  );
  const remove = db.prepare('DELETE FROM journal WHERE vm = ?');
  return {
    add({ vm, at, operation, step, phase, error }) {
      insert.run(vm, at, operation, step, phase, error);
      trim.run(vm);
    },
    of: (vm) => select.all(vm).map((row) => Row.parse(row)),
    forget(vm) {
      remove.run(vm);
    },
  };
}
