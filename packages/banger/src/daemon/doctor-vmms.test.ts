import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { vmmRows } from './doctor-vmms.ts';

const good = { version: '1.16.1', binary: '/usr/bin/x', problems: [], lacks: [] };
const missing = {
  version: '',
  binary: 'x',
  problems: [{ what: 'Cannot run "x": it is not installed', hint: 'get it' }],
  lacks: [],
};
const broken = { ...missing, binary: '/usr/bin/x' };
const old = {
  ...good,
  version: '1.9.0',
  problems: [{ what: 'x 1.9.0 is too old', hint: 'get it' }],
};
const worse = { ...good, version: '1.13.1', lacks: ['before 1.16.1 it is worse'] };

const statuses = (view: Parameters<typeof vmmRows>[0]) => vmmRows(view).map(({ status }) => status);

suite('what doctor says of the monitors', () => {
  for (const [firecracker, wanted, status] of [
    [good, 'auto', 'PASS'],
    [missing, 'auto', 'PASS'],
    [missing, 'firecracker', 'FAIL'],
    [broken, 'auto', 'WARN'],
    [old, 'auto', 'WARN'],
    [old, 'firecracker', 'FAIL'],
    [worse, 'auto', 'WARN'],
    [worse, 'firecracker', 'WARN'],
  ] as const) {
    test(`is ${status} of "${firecracker.binary}" ${firecracker.version} where ${wanted} is wanted`, () => {
      assert.deepEqual(statuses({ qemu: good, firecracker, wanted }), ['PASS', status]);
    });
  }

  test('is a failure where QEMU is missing', () => {
    assert.deepEqual(statuses({ qemu: missing, firecracker: good, wanted: 'auto' }), [
      'FAIL',
      'PASS',
    ]);
  });

  test('names what a version lacks', () => {
    const [, row] = vmmRows({ qemu: good, firecracker: worse, wanted: 'auto' });

    assert.equal(row?.detail, '1.13.1 at /usr/bin/x; before 1.16.1 it is worse');
  });
});
