import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { WorkQueue } from './work-queue.ts';

const never = new AbortController().signal;

suite('work queue', () => {
  test('runs one piece at a time, in order', async () => {
    const queue = new WorkQueue();
    const log: string[] = [];
    const piece = (name: string) => async () => {
      log.push(`${name}+`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name}-`);
    };

    await Promise.all(['a', 'b', 'c'].map((name) => queue.run(piece(name), never)));

    assert.deepEqual(log, ['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
  });

  test('goes on after a piece that failed', async () => {
    const queue = new WorkQueue();
    const failing = queue.run(() => Promise.reject(new Error('no')), never);
    const next = queue.run(() => Promise.resolve('yes'), never);

    await assert.rejects(failing, { message: 'no' });
    assert.equal(await next, 'yes');
  });

  test('lets a waiting caller leave and keeps the order of the others', async () => {
    const queue = new WorkQueue();
    const first = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const one = queue.run(async () => {
      await first.promise;
      log.push('one');
    }, never);
    const leaving = new AbortController();
    const two = queue.run(() => Promise.resolve(log.push('two')), leaving.signal);
    const three = queue.run(() => Promise.resolve(log.push('three')), never);

    leaving.abort(new Error('gone'));
    await assert.rejects(two, { message: 'gone' });
    first.resolve(undefined);
    await Promise.all([one, three]);

    assert.deepEqual(log, ['one', 'three']);
  });

  test('pushes the piece under way aside and then runs the next', async () => {
    const queue = new WorkQueue();
    const running = queue.run(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      never,
    );
    await new Promise((resolve) => setImmediate(resolve));

    queue.preempt(new Error('killed'));

    await assert.rejects(running, { message: 'killed' });
    assert.equal(await queue.run(() => Promise.resolve(1), never), 1);
  });
});
