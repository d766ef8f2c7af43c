import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { create, type MessageInitShape } from '@bufbuild/protobuf';

import { anIdentity } from '../../../../test/support/guest-commands.ts';
import { IdentifyResponseSchema } from './generated/banger/guest/v1/guest_pb.ts';
import { identifiedFrom, identityTo } from './identity-messages.ts';

function said(response: MessageInitShape<typeof IdentifyResponseSchema>) {
  return identifiedFrom(
    create(IdentifyResponseSchema, { randomSample: new Uint8Array(16), ...response }),
    { sentAt: new Date(1000), tookMs: 100 },
  );
}

suite('what a guest says of itself', () => {
  test('is cut and cleaned', () => {
    const hostile = '\x1b[31m'.repeat(10_000);

    const { hostname, machineId, mac, addresses, sshHostKeys } = said({
      ...{ hostname: hostile, machineId: hostile, mac: hostile },
      addresses: [hostile],
      sshHostKeys: [hostile],
    });

    for (const text of [hostname, machineId, mac, ...addresses, ...sshHostKeys]) {
      assert.ok(text.length <= 4096 && !text.includes('\x1b'));
    }
  });

  test('is not believed when it is too much', () => {
    const many = Array.from({ length: 17 }, () => 'x');

    assert.throws(() => said({ addresses: many }), { code: 'guest.protocol' });
    assert.throws(() => said({ sshHostKeys: many }), { code: 'guest.protocol' });
    assert.throws(() => said({ randomSample: new Uint8Array(15) }), { code: 'guest.protocol' });
  });

  test('tells how far its clock is off, and how sure that is', () => {
    // Sent at 1000 ms; 60 ms in the guest leave 40 ms for the way, so the guest spoke at 1080 ms.
    const ahead = said({ heldNs: 60_000_000n, unixNs: 1_090_000_000n });
    const lying = said({ heldNs: -1n, unixNs: 1_050_000_000n });

    assert.deepEqual([ahead.clockOffsetMs, ahead.clockErrorMs], [10, 20]);
    assert.deepEqual([lying.clockOffsetMs, lying.clockErrorMs], [0, 50]);
  });

  test('has its sizes in whole MiB', () => {
    const { overlayMib, workMib } = said({ overlayBytes: 1_073_741_824n, workBytes: 1_073_737_728n });

    assert.deepEqual([overlayMib, workMib], [1024, 1024]);
  });
});

test('an identity is told in bytes and nanoseconds', () => {
  const now = new Date('2026-01-02T03:04:05.678Z');

  const message = identityTo({ ...anIdentity, overlayMib: 3, workMib: 0 }, now);

  assert.equal(message.overlayBytes, 3_145_728n);
  assert.equal(message.workBytes, 0n);
  assert.equal(message.hostTimeUnixNs, 1_767_323_045_678_000_000n);
});
