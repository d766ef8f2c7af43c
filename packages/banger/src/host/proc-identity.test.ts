import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { LineSplitter, OutputTail } from './bounded-output.ts';
import { createFakeClock } from './fake-clock.ts';
import { isRunning, parseProcStat } from './proc-identity.ts';

suite('/proc/<pid>/stat', () => {
  const rest = '1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1';

  test('is read behind a command with spaces and parentheses', () => {
    const stat = parseProcStat(`17 (a) b (c) S ${rest}\n`);

    assert.deepEqual(stat, { state: 'S', groupId: 42, startTicks: 98765 });
  });

  test('tells a zombie from what runs', () => {
    assert.ok(isRunning(parseProcStat(`17 (x) R ${rest}`)));
    assert.ok(!isRunning(parseProcStat(`17 (x) Z ${rest}`)));
    assert.equal(parseProcStat(''), undefined);
  });
});

suite('bounded output', () => {
  test('keeps the end and says that it was cut', () => {
    const tail = new OutputTail(4);
    for (const text of ['ab', 'cd', 'ef', 'ghi']) tail.push(Buffer.from(text));

    assert.equal(tail.text(), 'fghi');
    assert.ok(tail.isCut);
  });

  test('cuts lines where they end, characters never', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const byte of Buffer.from('é\nlast')) splitter.push(Buffer.from([byte]));
    splitter.end();

    assert.deepEqual(lines, ['é', 'last']);
  });
});

suite('the fake clock', () => {
  test('wakes what falls due, in order, each with its follow-up work', async () => {
    const clock = createFakeClock();
    const { signal: never } = new AbortController();
    const woken: string[] = [];
    void clock.wait(20, never).then(() => woken.push('late'));
    void clock
      .wait(10, never)
      .then(() => clock.wait(5, never))
      .then(() => woken.push('early'));

    await clock.advance(30);

    assert.deepEqual(woken, ['early', 'late']);
    assert.equal(clock.monotonicMs(), 30);
    assert.equal(clock.waiting, 0);
  });

  test('lets go of a wait that is aborted', async () => {
    const clock = createFakeClock();
    const caller = new AbortController();
    const reason = new Error('enough');
    const waiting = clock.wait(10, caller.signal);

    caller.abort(reason);

    await assert.rejects(waiting, reason);
    assert.equal(clock.waiting, 0);
  });
});
