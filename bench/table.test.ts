import assert from 'node:assert/strict';
import { test } from 'node:test';

import { table } from './table.ts';

test('the table is aligned and says which goals are met', () => {
  const shared = { runs: 5, machine: 'a machine' };
  const text = table([
    { id: 'cold-run', value_ms: 4000, floor_ms: 3000, ratio: 1.333, goal: 1.25, ...shared },
    { id: 'exec', value_ms: 30.5, floor_ms: 25, ratio: 1.22, goal: 1.5, ...shared },
    { id: 'daemon-memory-0', value_mib: 90, floor_mib: 40, ratio: 2.25, goal: null, ...shared },
  ]);

  assert.equal(
    text,
    [
      'benchmark          value    floor  ratio    goal  runs',
      'cold-run         4000 ms  3000 ms   1.33  ≤ 1.25     5  missed',
      'exec             30.5 ms    25 ms   1.22   ≤ 1.5     5     met',
      'daemon-memory-0   90 MiB   40 MiB   2.25             5',
    ].join('\n'),
  );
});
