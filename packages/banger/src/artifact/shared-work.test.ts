import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Stage } from '@banger/protocol/progress';

import type { WorkOptions } from '../host/work.ts';
import { createSharedWork } from './shared-work.ts';

suite('shared work', () => {
  test('runs once for callers of one key, and apart for another', async () => {
    const shared = createSharedWork<number>();
    let runs = 0;
    const work = () => Promise.resolve((runs += 1));

    const results = await Promise.all([
      shared.join('a', quiet(), work),
      shared.join('a', quiet(), work),
      shared.join('b', quiet(), work),
    ]);

    assert.deepEqual(results, [1, 1, 2]);
  });

  test('tells a late caller where it is', async () => {
    const shared = createSharedWork<string>();
    const gate = Promise.withResolvers<string>();
    const work = ({ progress }: WorkOptions) => {
      progress.stage({ name: 'unpack', text: 'Unpacking' });
      return gate.promise;
    };
    const first = shared.join('a', quiet(), work);
    await turn();
    const seen: Stage[] = [];

    const late = shared.join('a', quiet({ seen }), work);
    gate.resolve('done');

    assert.deepEqual(await Promise.all([first, late]), ['done', 'done']);
    assert.deepEqual(seen, [{ name: 'unpack', text: 'Unpacking' }]);
  });

  test('makes its last caller wait until it has wound up, and the next one start anew', async () => {
    const shared = createSharedWork<string>();
    const events: string[] = [];
    const woundUp = Promise.withResolvers<undefined>();
    const caller = new AbortController();
    const cancelled = shared.join('a', quiet({ signal: caller.signal }), async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await woundUp.promise;
      events.push('wound up');
      signal.throwIfAborted();
      return 'never';
    });
    const left = cancelled.catch((error: unknown) => {
      events.push(`left: ${String(error)}`);
    });
    await turn();

    caller.abort(new Error('enough'));
    const next = shared.join('a', quiet(), () => {
      events.push('started anew');
      return Promise.resolve('new');
    });
    await turn();
    woundUp.resolve(undefined);

    assert.equal(await next, 'new');
    await left;
    assert.deepEqual(events.toSorted(), ['left: Error: enough', 'started anew', 'wound up']);
    assert.equal(events[0], 'wound up');
  });

  test('is not begun for a caller who has already gone', async () => {
    const shared = createSharedWork<number>();
    const reason = new Error('gone');

    const joined = shared.join('a', quiet({ signal: AbortSignal.abort(reason) }), () =>
      assert.fail('it was begun'),
    );

    await assert.rejects(joined, reason);
  });

  test('fails for all, and can be tried again', async () => {
    const shared = createSharedWork<number>();
    const fail = () => Promise.reject(new Error('broken'));

    const results = await Promise.allSettled([
      shared.join('a', quiet(), fail),
      shared.join('a', quiet(), fail),
    ]);

    assert.ok(results.every(({ status }) => status === 'rejected'));
    assert.equal(await shared.join('a', quiet(), () => Promise.resolve(1)), 1);
  });
});

function quiet({
  seen = [],
  signal = new AbortController().signal,
}: { readonly seen?: Stage[]; readonly signal?: AbortSignal } = {}): WorkOptions {
  return { signal, progress: { stage: (stage) => seen.push(stage), warn: () => undefined } };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
