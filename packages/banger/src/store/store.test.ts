import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { aRecord } from '../machine/fixtures.ts';
import { openDatabase } from './database.ts';
import { createFactsTable } from './facts-table.ts';
import { createJournalTable } from './journal-table.ts';
import { lockStateDir } from './lock.ts';
import { createVmsTable } from './vms-table.ts';

/** In a thread: the lock is waited for synchronously. */
const readsForAMoment = `
  const { parentPort, workerData } = require('node:worker_threads');
  const db = new (require('node:sqlite').DatabaseSync)(workerData);
  db.exec('BEGIN; SELECT * FROM sqlite_master;');
  parentPort.postMessage('reads');
  setTimeout(() => db.close(), 20);
`;

suite('store', () => {
  test('gives back the record that was put in', () => {
    using db = openDatabase(':memory:');
    const vms = createVmsTable(db);
    const stored = vms.insert(aRecord());

    assert.deepEqual(vms.get(stored.id), stored);
    assert.deepEqual(vms.all(), [stored]);
  });

  test('refuses a second VM of the same name', () => {
    using db = openDatabase(':memory:');
    const vms = createVmsTable(db);
    vms.insert(aRecord({ name: 'web' }));

    assert.throws(() => vms.insert(aRecord({ name: 'web' })), {
      code: 'vm.name_taken',
      message: 'Cannot create VM "web": there is one of this name',
    });
  });

  test('refuses an update of a record that somebody else has changed', () => {
    using db = openDatabase(':memory:');
    const vms = createVmsTable(db);
    const read = vms.insert(aRecord());
    vms.update(read, { state: { name: 'running' } });

    assert.throws(() => vms.update(read, { state: { name: 'stopped' } }), { code: 'vm.busy' });
    assert.equal(vms.get(read.id)?.state.name, 'running');
  });

  test('keeps the newest lines of the journal of each VM', () => {
    using db = openDatabase(':memory:');
    const journal = createJournalTable(db);
    const { id } = aRecord();
    for (let index = 0; index < 600; index += 1) {
      journal.add({
        vm: id,
        at: '',
        operation: 'op-000000',
        step: String(index),
        phase: 'done',
        error: null,
      });
    }

    const lines = journal.of(id);
    assert.equal(lines.length, 500);
    assert.equal(lines.at(-1)?.step, '599');
  });

  test('remembers facts until they are forgotten', () => {
    using db = openDatabase(':memory:');
    const facts = createFactsTable(db);
    facts.set('kvm-failed', 'no answer', new Date(0));
    facts.set('kvm-failed', 'no answer again', new Date(0));

    assert.equal(facts.get('kvm-failed')?.value, 'no answer again');
    facts.forget('kvm-failed');
    assert.equal(facts.get('kvm-failed'), undefined);
  });

  test('lets one owner at a time lock the state directory', () => {
    const dir = mkdtempSync(join(tmpdir(), 'banger-lock-'));
    try {
      const file = join(dir, 'daemon.lock');
      const first = lockStateDir(file);
      assert.throws(() => lockStateDir(file), { code: 'daemon.already_running' });

      first[Symbol.dispose]();
      lockStateDir(file)[Symbol.dispose]();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('gets the lock when somebody who looked at the same moment lets go', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'banger-lock-'));
    try {
      const file = join(dir, 'daemon.lock');
      lockStateDir(file)[Symbol.dispose]();
      const rival = new Worker(readsForAMoment, { eval: true, workerData: file });
      await once(rival, 'message');

      lockStateDir(file)[Symbol.dispose]();
      await once(rival, 'exit');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('opens a database twice and keeps what is in it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'banger-db-'));
    try {
      const file = join(dir, 'banger.db');
      const record = aRecord();
      {
        using db = openDatabase(file);
        createVmsTable(db).insert(record);
      }
      using db = openDatabase(file);
      assert.equal(createVmsTable(db).get(record.id)?.name, record.name);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
