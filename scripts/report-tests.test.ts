import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const reporter = join(import.meta.dirname, 'report-tests.ts');

/** The tests are made elsewhere than in the file that is run. */
const MAKES = `
  import { test } from 'node:test';
  export const make = (name, part, body) => test(name, (t) => t.test(part, body));
`;
const FAILS = `
  import { make } from './makes.mjs';
  make('outer', 'good', () => {});
  make('other', 'bad', () => { throw new Error('broken'); });
`;
const PASSES = "import { make } from './makes.mjs'; make('outer', 'good', () => {});";

test('a report has the time of each file, and at its end what failed, by file', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'banger-report-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'makes.mjs'), MAKES);
  writeFileSync(join(dir, 'one.mjs'), FAILS);
  writeFileSync(join(dir, 'two.mjs'), PASSES);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;

  const args = ['--test', `--test-reporter=${reporter}`, 'one.mjs', 'two.mjs'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: dir, env, encoding: 'utf8' });

  assert.equal(status, 1);
  for (const file of ['one', 'two']) {
    assert.match(stdout, new RegExp(`^ℹ ${file}\\.mjs took \\d+\\.\\d s$`, 'm'));
  }
  assert.match(stdout, /\n\nfailed:\n {2}one\.mjs: other > bad\n$/);
});
