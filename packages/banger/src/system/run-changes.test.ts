import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runChanges, type Change } from './run-changes.ts';

const names = ['program', 'settings', 'units'];

for (const failing of names) {
  for (const when of ['before', 'after'] as const) {
    test(`a failure ${when} the work of "${failing}" leaves what was there`, async () => {
      const system = new Set<string>();

      const changes = names.map((name) => aChange(system, name, name === failing ? when : 'never'));

      await assert.rejects(run(changes), {
        code: 'system.failed',
        message: `Cannot set banger up: no ${failing}`,
      });
      assert.deepEqual([...system], []);
    });
  }
}

test('an abort in the middle leaves what was there, and is no failure', async () => {
  const system = new Set<string>();
  const caller = new AbortController();
  const aborting: Change = {
    ...aChange(system, 'settings'),
    run() {
      caller.abort();
      return Promise.resolve();
    },
  };

  const ran = run([aChange(system, 'program'), aborting, aChange(system, 'units')], caller.signal);

  await assert.rejects(ran, { name: 'AbortError' });
  assert.deepEqual([...system], []);
});

test('what cannot be taken back is named, and the rest is', async () => {
  const system = new Set<string>();
  const stuck: Change = {
    ...aChange(system, 'settings'),
    undo: () => Promise.reject(new Error('stuck')),
  };

  const ran = run([aChange(system, 'program'), stuck, aChange(system, 'units', 'after')]);

  await assert.rejects(ran, { details: { left: ['Making settings: stuck'] } });
  assert.deepEqual([...system], ['settings']);
});

function run(changes: readonly Change[], signal = new AbortController().signal): Promise<void> {
  return runChanges(changes, { cannot: 'Cannot set banger up', onText: () => undefined, signal });
}

function aChange(system: Set<string>, name: string, fails = 'never'): Change {
  return {
    text: `Making ${name}`,
    async run() {
      await Promise.resolve();
      if (fails === 'before') throw new Error(`no ${name}`);
      system.add(name);
      if (fails === 'after') throw new Error(`no ${name}`);
    },
    undo: () => Promise.resolve(void system.delete(name)),
  };
}
