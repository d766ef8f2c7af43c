import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { followFile } from './follow-file.ts';

const never = new AbortController().signal;

async function read(file: string, tail: number | undefined): Promise<string> {
  let text = '';
  for await (const chunk of followFile(file, { follow: false, tail, signal: never })) {
    text += Buffer.from(chunk).toString();
  }
  return text;
}

suite('following a log', () => {
  for (const [content, tail, expected] of [
    ['a\nb\nc\n', undefined, 'a\nb\nc\n'],
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc\n', 9, 'a\nb\nc\n'],
    ['a\nb\nc\n', 0, ''],
    ['\n\n\n', 1, '\n'],
    ['', 3, ''],
  ] as const) {
    test(`gives the last ${String(tail)} lines of ${JSON.stringify(content)}`, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'banger-follow-'));
      t.after(() => rmSync(dir, { recursive: true }));
      const file = join(dir, 'log');
      writeFileSync(file, content);

      assert.equal(await read(file, tail), expected);
    });
  }

  test('goes on with what is appended, also after the file was cut short', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'banger-follow-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'log');
    const stop = new AbortController();
    const chunks = followFile(file, { follow: true, tail: undefined, signal: stop.signal });

    const first = chunks.next();
    writeFileSync(file, 'one\n');
    assert.equal(Buffer.from((await first).value ?? []).toString(), 'one\n');
    const second = chunks.next();
    appendFileSync(file, 'two\n');
    assert.equal(Buffer.from((await second).value ?? []).toString(), 'two\n');
    const third = chunks.next();
    truncateSync(file, 0);
    appendFileSync(file, 'new\n');
    assert.equal(Buffer.from((await third).value ?? []).toString(), 'new\n');
    const last = chunks.next();
    stop.abort();
    assert.equal((await last).done, true);
  });
});
