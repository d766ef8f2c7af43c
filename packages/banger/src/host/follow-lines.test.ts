import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { followLines } from './follow-lines.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-lines-'));
after(() => rmSync(dir, { recursive: true }));
const ours = (line: string) => /our .*/.exec(line)?.[0];

async function read(file: string, tail?: number): Promise<string> {
  let text = '';
  const options = { follow: false, tail, signal: never };
  for await (const chunk of followLines(file, ours, options)) text += Buffer.from(chunk).toString();
  return text;
}

suite('some lines of a log', () => {
  for (const [content, tail, expected] of [
    ['our a\nb\nxour c\n', undefined, 'our a\nour c\n'],
    ['our a\nour b\nc\nd\n', 1, 'our b\n'],
    ['our a\nour b', 9, 'our a\nour b\n'],
    ['our a\n', 0, ''],
    ['nothing', undefined, ''],
    ['', 3, ''],
  ] as const) {
    test(`are ${JSON.stringify(expected)} of ${JSON.stringify(content)}, tail ${String(tail)}`, async () => {
      const file = join(dir, 'log');
      writeFileSync(file, content);

      assert.equal(await read(file, tail), expected);
    });
  }

  test('are none of a file that is not there', async () => {
    assert.equal(await read(join(dir, 'none')), '');
  });

  test('go on with what is appended, however many lines were wanted of the past', async () => {
    const file = join(dir, 'follow');
    writeFileSync(file, 'our a\nour b\n');
    const caller = new AbortController();
    const seen: string[] = [];

    const options = { follow: true, tail: 1, signal: caller.signal };
    for await (const chunk of followLines(file, ours, options)) {
      seen.push(Buffer.from(chunk).toString());
      if (seen.length === 1) appendFileSync(file, 'theirs\nour c\nour d\n');
      if (seen.length === 3) caller.abort();
    }

    assert.deepEqual(seen, ['our b\n', 'our c\n', 'our d\n']);
  });
});
