import assert from 'node:assert/strict';
import { test } from 'node:test';

import { jailRows } from './doctor-jails.ts';

const problem = { what: 'only root can jail VMs', hint: 'sudo banger system install' };

test('says nothing of jails where there is no Firecracker', () => {
  assert.deepEqual(jailRows(undefined), []);
});

test('warns when VMs are not jailed, and says why', () => {
  const [off] = jailRows({ isEnabled: false, problems: [], missing: [] });
  const [impossible] = jailRows({ isEnabled: true, problems: [problem], missing: [] });

  assert.deepEqual([off?.status, impossible?.status], ['WARN', 'WARN']);
  assert.match(off?.detail ?? '', /off by configuration/);
  assert.match(impossible?.detail ?? '', /only root can jail VMs/);
  assert.equal(impossible?.fix, problem.hint);
});

test('passes when they are', () => {
  assert.equal(jailRows({ isEnabled: true, problems: [], missing: [] })[0]?.status, 'PASS');
});

test('warns of a limit that this host cannot keep, and says what follows', () => {
  const [row] = jailRows({ isEnabled: true, problems: [], missing: ['memory', 'pids'] });

  assert.equal(row?.status, 'WARN');
  assert.match(row.detail, /more of the host’s memory than its VM has, may start any number/);
  assert.match(row.detail, /no control groups for memory, pids here$/);
});
