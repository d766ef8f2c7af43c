import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { formatSpan, formatTook } from './duration-text.ts';
import { createLiveStages } from './live-stages.ts';
import { isOlderBuild } from './older-build.ts';
import { editDistance, suggest } from './suggest.ts';
import { formatTable } from './table.ts';
import { FakeWorld } from './fake-world.ts';
import { formatWaterfall } from './waterfall-text.ts';

suite('a suggestion', () => {
  test('is the nearest name, or none when nothing is near', () => {
    const names = ['start', 'stop', 'stats', 'restart', 'delete'];

    assert.equal(suggest('strat', names), 'start');
    assert.equal(suggest('sotp', names), 'stop');
    assert.equal(suggest('del', names), 'delete');
    assert.equal(suggest('frobnicate', names), undefined);
  });

  test('measures the same both ways, and nothing only for the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (from, to) => {
        assert.equal(editDistance(from, to), editDistance(to, from));
        assert.equal(editDistance(from, to) === 0, from === to);
      }),
    );
  });
});

test('times read well at every length', () => {
  assert.deepEqual([0, 999, 1500, 75_000].map(formatTook), ['0 ms', '999 ms', '1.5 s', '1m15s']);
  const spans = [5000, 61_000, 3_661_000, 90_000_000].map(formatSpan);
  assert.deepEqual(spans, ['5s', '1m01s', '1h01m', '1d1h']);
});

test('a waterfall has a bar for each part, below its whole, and none without a beginning', () => {
  const lines = formatWaterfall([
    { name: 'spawn', ms: 50, atMs: 0 },
    { name: 'boot', ms: 50, atMs: 50 },
    { name: 'boot/root', ms: 0.5, atMs: 99 },
    { name: 'lost/part', ms: 1 },
  ]);

  assert.deepEqual(lines, [
    `spawn        0.0 ms   50.0 ms  ${'━'.repeat(20)}`,
    `boot        50.0 ms   50.0 ms  ${' '.repeat(20)}${'━'.repeat(20)}`,
    `  root      99.0 ms    0.5 ms  ${' '.repeat(39)}━`,
    'lost/part         -    1.0 ms',
  ]);
  assert.deepEqual(formatWaterfall([]), []);
});

test('a table is as wide as its widest texts, without trailing spaces', () => {
  assert.deepEqual(formatTable(['A', 'B'], [['long', 'x'], ['s']]), ['A     B', 'long  x', 's']);
});

test('only another build that was made earlier is older', () => {
  const ours = { version: '1', id: 'b', time: 200 };

  assert.deepEqual(
    ['a/100', 'a/300', 'b/100', 'dev/0', '', undefined].map((header) => isOlderBuild(header, ours)),
    [true, false, false, false, false, false],
  );
});

suite('stages', () => {
  test('are a line that is rewritten on a terminal, and that ends above what follows', async () => {
    const world = new FakeWorld({ socket: '', isTerminal: true });
    using stages = createLiveStages(world, false);

    stages.show({ name: 'boot', text: 'Booting' });
    await world.wait(0, new AbortController().signal);
    await world.wait(0, new AbortController().signal);
    stages.show({ name: 'boot', text: 'Booting', ms: 2500 });

    assert.match(world.stderr.text, /^Booting … 0 ms/);
    assert.ok(world.stderr.text.endsWith('\r\x1b[KBooting 2.5 s\n'));
  });

  test('that say how far they are have a line for each part, and are not begun again', async () => {
    const world = new FakeWorld({ socket: '', isTerminal: true });
    using stages = createLiveStages(world, false);
    const parts = [{ name: 'sha256:12', doneBytes: 1024, totalBytes: 2048 }];
    const pull = { name: 'pull', text: 'Pulling 2 layers' };
    const { signal } = new AbortController();

    stages.show(pull);
    stages.show({ ...pull, doneBytes: 1536, totalBytes: 4096, parts });
    await world.wait(0, signal);
    await world.wait(0, signal);
    stages.show({ ...pull, ms: 2500 });

    const { text } = world.stderr;
    assert.match(
      text,
      /^Pulling 2 layers {2}1\.5 KiB of 4\.0 KiB … 0 ms\n {2}sha256:12 {2}1\.0 KiB of/,
    );
    assert.ok(text.endsWith('\r\x1b[K\x1b[1A\x1b[KPulling 2 layers 2.5 s\n'));
  });

  test('that are short say nothing, unless asked', () => {
    const quiet = new FakeWorld({ socket: '' });
    const verbose = new FakeWorld({ socket: '' });

    createLiveStages(quiet, false).show({ name: 'a', text: 'A', ms: 3 });
    createLiveStages(verbose, true).show({ name: 'a', text: 'A', ms: 3 });

    assert.deepEqual([quiet.stderr.text, verbose.stderr.text], ['', 'A 3 ms\n']);
  });
});
