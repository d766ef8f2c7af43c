import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../../host/fake-clock.ts';
import { readBlob } from './read-blob.ts';
import type { WireAnswer } from './wire.ts';

const descriptor = { digest: `sha256:${'a'.repeat(64)}`, sizeBytes: 1_000_000, mediaType: '' };
const limits = { attempts: 3, firstWaitMs: 1, longestWaitMs: 1, manifestMs: 1 };

suite('reading a blob', () => {
  test('a byte now and then is as good as nothing', async () => {
    const clock = createFakeClock();
    async function* trickle() {
      for (;;) {
        await clock.advance(20_000);
        yield Buffer.alloc(1);
      }
    }
    const read = readBlob({ descriptor, what: 'Cannot pull', clock, limits }, () =>
      Promise.resolve(anAnswer(trickle())),
    );

    const reading = Array.fromAsync(read(0, new AbortController().signal));

    await assert.rejects(reading, {
      code: 'registry.failed',
      message: /less than 1 KiB\/s of layer/,
    });
  });

  test('slow is not too slow', async () => {
    const clock = createFakeClock();
    async function* slowly() {
      for (let sent = 0; sent < descriptor.sizeBytes; sent += 100_000) {
        await clock.advance(59_000);
        yield Buffer.alloc(100_000);
      }
    }
    const read = readBlob({ descriptor, what: 'Cannot pull', clock, limits }, () =>
      Promise.resolve(anAnswer(slowly())),
    );

    const chunks = await Array.fromAsync(read(0, new AbortController().signal));

    assert.equal(chunks.length, 10);
  });
});

function anAnswer(body: AsyncIterable<Uint8Array>): WireAnswer {
  return { status: 200, header: () => undefined, body, drop: () => undefined };
}
