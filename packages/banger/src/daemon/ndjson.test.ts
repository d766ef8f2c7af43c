import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newOperationId } from '@banger/protocol/ids';

import { createSystemClock } from '../host/system-clock.ts';
import type { Operation } from '../machine/operation.ts';
import { answerProgress } from './ndjson.ts';

const CHUNK = new Uint8Array(64 * 1024);

/** The answer of work that writes output for as long as there is room. */
function endlessOutput() {
  const written = { count: 0 };
  const ended = Promise.withResolvers<undefined>();
  const run = async ({ signal, progress }: Operation) => {
    for (; !signal.aborted; written.count += 1) await progress.output?.(CHUNK);
    ended.resolve(undefined);
  };
  const answer = answerProgress({
    operation: { id: newOperationId(), signal: new AbortController().signal },
    run,
    lease: false,
    deps: {
      activity: { begin: () => ({ [Symbol.dispose]: () => undefined }) } as never,
      clock: createSystemClock(),
      endLease: () => Promise.resolve(),
    },
  });
  return { reader: answer.body!.getReader(), written, ended: ended.promise };
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

test('output waits for the client that reads it', async () => {
  const { reader, written } = endlessOutput();
  await moment();
  const before = written.count;

  for (let count = 0; count < 10; count += 1) await reader.read();
  await moment();

  assert.ok(before <= 1, `${String(before)} chunks were written for nobody`);
  assert.ok(written.count >= 9 && written.count <= 11, String(written.count));
  await reader.cancel();
});

test('output for a client that went away keeps nobody waiting', async () => {
  const { reader, ended } = endlessOutput();
  await moment();

  await reader.cancel();

  await ended;
});
