import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createCli } from './fixtures.ts';
import { stepOutput } from './step-output.ts';

suite('image build', () => {
  test('takes a Dockerfile from stdin, and prints the name of the image', async () => {
    await using cli = await createCli();

    const built = await cli.run('image build -t app -', { input: 'FROM scratch\nCMD true\n' });

    assert.deepEqual([built.status, built.stdout], [0, 'app\n']);
  });

  const refused: Readonly<Record<string, RegExp>> = {
    'image build /nonexistent': /Cannot build from "\/nonexistent": there is no such directory/,
    'image build -f - -': /Cannot read both the context and the Dockerfile from stdin/,
    'image build -f /nonexistent .': /Cannot read "\/nonexistent": there is no such file/,
    'image build --build-arg =x .': /"=x" has no name/,
    'image build --memory lots .': /"lots" is not a size/,
  };
  for (const [line, message] of Object.entries(refused)) {
    test(`"${line}" is refused`, async () => {
      await using cli = await createCli();

      const { status, stderr, stdout } = await cli.run(line);

      assert.notEqual(status, 0);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    });
  }
});

suite('what steps write', () => {
  const cases: readonly (readonly [chunks: readonly string[], lines: readonly string[]])[] = [
    [
      ['a\nb', 'c\n'],
      ['a', 'bc'],
    ],
    [
      ['10%\r20%\r\n', 'done'],
      ['10%', '20%', 'done'],
    ],
    [['\n\n'], ['', '']],
    [['x'.repeat(20_000)], ['x'.repeat(20_000)]],
  ];
  for (const [chunks, lines] of cases) {
    test(`is shown in whole lines: ${JSON.stringify(chunks).slice(0, 40)}`, () => {
      const shown: string[] = [];
      const output = stepOutput({ note: (line) => void shown.push(line) });

      for (const chunk of chunks) output.take(Buffer.from(chunk));
      output.flush();

      assert.deepEqual(shown, lines);
    });
  }
});
