import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { networkRows } from './doctor-networks.ts';

const bridge = { name: 'br-banger', subnet: '172.16.0.0/24', gateway: '172.16.0.1' };
const problem = { what: 'bridges need root', hint: 'sudo banger system install' };
const statuses = (rows: ReturnType<typeof networkRows>) => rows.map(({ status }) => status);

suite('what doctor says of networks', () => {
  test('is how the bridge would be where VMs may be on it', () => {
    const [, row] = networkRows({ wanted: 'auto', bridge, problems: [] });

    assert.deepEqual(row, {
      ...{ name: 'bridge network', status: 'PASS' },
      detail: 'br-banger, 172.16.0.0/24, this host is 172.16.0.1',
    });
  });

  test('fails for a bridge that cannot be only where it is configured', () => {
    const problems = [problem];

    assert.deepEqual(statuses(networkRows({ wanted: 'auto', bridge, problems })), ['PASS', 'WARN']);
    const rows = networkRows({ wanted: 'bridge', bridge, problems });
    assert.deepEqual(statuses(rows), ['PASS', 'FAIL']);
    assert.equal(rows[1]?.fix, problem.hint);
  });
});
