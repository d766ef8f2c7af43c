import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import { createEventHub, type EventHub } from './event-hub.ts';

const emit = (hub: EventHub, name: string) =>
  hub.emit({ type: 'image.pulled', image: 'img', name });

async function take(
  hub: EventHub,
  after: string | undefined,
  count: number,
): Promise<readonly number[]> {
  const seen: number[] = [];
  const stop = new AbortController();
  for await (const { seq } of hub.follow(after, stop.signal)) {
    seen.push(seq);
    if (seen.length === count) stop.abort();
  }
  return seen;
}

suite('events', () => {
  test('begin with what comes', async () => {
    const hub = createEventHub(createFakeClock(), 'e1');
    emit(hub, 'before');
    const taking = take(hub, undefined, 2);
    await new Promise((resolve) => setImmediate(resolve));

    emit(hub, 'a');
    emit(hub, 'b');

    assert.deepEqual(await taking, [2, 3]);
  });

  test('resume after a number of the same daemon', async () => {
    const hub = createEventHub(createFakeClock(), 'e1');
    for (const name of ['a', 'b', 'c']) emit(hub, name);

    assert.deepEqual(await take(hub, 'e1/1', 2), [2, 3]);
  });

  test('begin anew after a number of another daemon', async () => {
    const hub = createEventHub(createFakeClock(), 'e2');
    for (const name of ['a', 'b']) emit(hub, name);

    assert.deepEqual(await take(hub, 'e1/900', 2), [1, 2]);
  });
});
