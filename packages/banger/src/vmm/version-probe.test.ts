import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import type { FakeProgram } from '../host/fake-process.ts';
import { createFakeProcesses } from '../host/fake-processes.ts';
import { createVersionProbe } from './version-probe.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-versions-'));
const binary = join(dir, 'program');
const program = { name: 'Program', pattern: /^Program (\d+)/ };
const minute = 60_000;

after(() => rmSync(dir, { recursive: true }));

/** A probe of a program that does one thing after the other. */
function scene(...does: readonly FakeProgram[]) {
  writeFileSync(binary, 'as it is');
  let asked = 0;
  const processes = createFakeProcesses({
    [binary]: (call) => {
      asked += 1;
      return does[asked - 1]?.(call) ?? 1;
    },
  });
  const clock = createFakeClock();
  const probe = createVersionProbe({ processes, clock, patienceMs: 1 });
  const ask = (signal = never) => probe(program, binary, signal);
  return { ask, clock, asked: () => asked };
}

const says: FakeProgram = ({ print }) => {
  print('Program 7\n');
  return 0;
};
const saysNonsense: FakeProgram = ({ print }) => {
  print('hello\n');
  return 0;
};
/** Until it is killed */
const hangs: FakeProgram = ({ killed }) =>
  new Promise((resolve) => {
    killed.addEventListener('abort', () => resolve(1));
  });
const silence = {
  code: 'host.tool_missing',
  message: `Cannot use "${binary}": it did not say its version within 0.001 s`,
  hint: `${binary} --version`,
};

test('a program is asked once, and again when its file is another', async () => {
  const { ask, asked } = scene(says, says);

  const answers = [await ask(), await ask()];
  const before = asked();
  writeFileSync(binary, 'a newer one');
  await ask();

  assert.deepEqual(answers, ['7', '7']);
  assert.deepEqual([before, asked()], [1, 2]);
});

test('one that hangs is waited for once a minute, by one caller', async () => {
  const { ask, asked, clock } = scene(hangs, says);

  await assert.rejects(ask(), silence);
  await assert.rejects(ask(), silence);
  const before = asked();
  await clock.advance(minute);

  assert.equal(before, 1);
  assert.equal(await ask(), '7');
});

test('one that hung is asked again when its file is another', async () => {
  const { ask } = scene(hangs, says);
  await assert.rejects(ask(), silence);

  writeFileSync(binary, 'a newer one');

  assert.equal(await ask(), '7');
});

test('one that says nonsense is asked again, which takes no time', async () => {
  const { ask } = scene(saysNonsense, says);

  await assert.rejects(ask(), { message: /does not say which version of Program it is/ });

  assert.equal(await ask(), '7');
});

test('a caller who gives up says nothing about the program', async () => {
  const { ask } = scene(hangs, says);
  const reason = new Error('enough');

  await assert.rejects(ask(AbortSignal.abort(reason)), reason);

  await assert.rejects(ask(), silence);
});
