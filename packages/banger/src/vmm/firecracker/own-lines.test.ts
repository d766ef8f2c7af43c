import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { newVmId } from '@banger/protocol/ids';

import { instanceId, ownLine } from './own-lines.ts';

suite("Firecracker's own lines in the log of its guest", () => {
  const id = instanceId(newVmId());
  const time = '2026-11-23T14:18:39.123456789';

  test('are known by the id that it was started with', () => {
    const line = `${time} [${id}:fc_vcpu 0] Received KVM_EXIT_FAIL_ENTRY signal`;

    assert.equal(ownLine(id, line), line);
    assert.equal(ownLine(id, `half a line of the gues${line}`), line);
    assert.equal(ownLine(id, `${time}Z [${id}:main] so`), `${time}Z [${id}:main] so`);
  });

  for (const line of [
    '',
    'a console',
    `${time} [anonymous-instance:main] forged`,
    `${time} [vm-0000000000:main] forged`,
    ` [${id}:main] without a time`,
    time,
  ]) {
    test(`are not what a guest writes: ${JSON.stringify(line)}`, () => {
      assert.equal(ownLine(id, line), undefined);
    });
  }
});
