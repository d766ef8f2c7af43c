import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { create } from '@bufbuild/protobuf';
import { VmStats } from '@banger/protocol/vm';

import { StatsResponseSchema } from './generated/banger/guest/v1/guest_pb.ts';
import { statsFrom } from './guest-messages.ts';

const MOST = 2n ** 64n - 1n;

suite('what a guest says of itself', () => {
  test('is taken as it is when it can be so', () => {
    const message = create(StatsResponseSchema, {
      memoryTotalBytes: 100n,
      memoryAvailableBytes: 60n,
      memoryFreeBytes: 50n,
      memoryCacheBytes: 20n,
      load1m: 0.5,
    });

    const stats = statsFrom(message);

    assert.equal(stats.memoryAvailableBytes, 60);
    assert.equal(stats.memoryFreeBytes, 50);
    assert.equal(stats.memoryCacheBytes, 20);
    assert.equal(stats.load1m, 0.5);
  });

  test('is a part of the whole, and a number, whatever it was', () => {
    const message = create(StatsResponseSchema, {
      cpuBusyNs: MOST,
      cpuTotalNs: 7n,
      memoryTotalBytes: 100n,
      memoryAvailableBytes: MOST,
      memoryFreeBytes: 101n,
      memoryCacheBytes: MOST,
      networkSentBytes: MOST,
      load1m: Number.NaN,
      fileSystems: [{ mountPoint: '/', sizeBytes: 1n, usedBytes: MOST }],
    });

    const stats = statsFrom(message);

    assert.equal(stats.cpuBusyNs, 7);
    for (const bytes of [
      stats.memoryAvailableBytes,
      stats.memoryFreeBytes,
      stats.memoryCacheBytes,
    ]) {
      assert.equal(bytes, 100);
    }
    assert.equal(stats.networkSentBytes, Number.MAX_SAFE_INTEGER);
    assert.equal(stats.load1m, 0);
    assert.deepEqual(stats.fileSystems, [{ mountPoint: '/', sizeBytes: 1, usedBytes: 1 }]);
    VmStats.shape.load1m.parse(stats.load1m);
  });
});
