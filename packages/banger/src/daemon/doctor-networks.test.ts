import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { networkRows } from './doctor-networks.ts';

const pool = { size: 4, ready: 4, room: 4, trouble: undefined };
const firecracker = undefined;
const bridge = { name: 'br-banger', subnet: '172.16.0.0/24', gateway: '172.16.0.1' };
const problem = { what: 'bridges need root', hint: 'sudo banger system install' };
const statuses = (rows: ReturnType<typeof networkRows>) => rows.map(({ status }) => status);

suite('what doctor says of networks', () => {
  test('is how the bridge would be where VMs may be on it', () => {
    const [, row] = networkRows({
      ...{ wanted: 'auto', bridge, pool, rules: 'nftables', problems: [], firecracker },
    });

    assert.deepEqual(row, {
      ...{ name: 'bridge network', status: 'PASS' },
      detail: 'br-banger, 172.16.0.0/24, this host is 172.16.0.1; rules by nftables',
    });
  });

  test('fails for a bridge that cannot be only where it is configured', () => {
    const problems = [problem];

    const view = { bridge, pool, problems, rules: undefined, firecracker };
    assert.deepEqual(statuses(networkRows({ ...view, wanted: 'auto' })), ['PASS', 'WARN']);
    const rows = networkRows({ ...view, wanted: 'bridge' });
    assert.deepEqual(statuses(rows), ['PASS', 'FAIL']);
    assert.equal(rows[1]?.fix, problem.hint);
  });

  test('is of Firecracker’s user mode only where there is a Firecracker', () => {
    const rowOf = (found: Parameters<typeof networkRows>[0]['firecracker']) =>
      networkRows({
        ...{ wanted: 'auto', bridge, pool, rules: undefined, problems: [], firecracker: found },
      }).find(({ name }) => name === 'firecracker network');

    assert.equal(rowOf(undefined), undefined);
    assert.equal(rowOf({ problem: undefined })?.status, 'PASS');
    assert.equal(rowOf({ problem })?.status, 'WARN');
    assert.equal(rowOf({ problem })?.fix, problem.hint);
  });

  test('warns when taps cannot be made ahead, or addresses run out', () => {
    const none = { problems: [], rules: undefined, firecracker };
    const view = { wanted: 'bridge', bridge, ...none } as const;
    const rowWith = (status: Partial<typeof pool> | { readonly trouble: string }) =>
      networkRows({ ...view, pool: { ...pool, ...status } })[1];

    assert.match(rowWith({ trouble: 'no' })?.detail ?? '', /made ahead: no$/);
    assert.match(rowWith({ room: 0 })?.detail ?? '', /room for 0 more VMs$/);
    assert.equal(rowWith({ room: 0 })?.status, 'WARN');
  });
});
