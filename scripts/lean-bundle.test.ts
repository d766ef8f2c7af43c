import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';

import { build } from 'esbuild';

import { leanBundle } from './lean-bundle.ts';

suite('a lean bundle', () => {
  test('has node:http without what that would load on import', async () => {
    const { output } = await runBundled(`
      import { createServer, request } from 'node:http';
      const undici = process.moduleLoadList.some((name) => name.endsWith('undici/undici'));
      console.log(JSON.stringify([typeof createServer, typeof request, undici]));
    `);

    assert.deepEqual(output, ['function', 'function', false]);
  });

  test("keeps zod's messages, in English alone", async () => {
    const { output, code } = await runBundled(`
      import { z } from 'zod';
      console.log(JSON.stringify(z.string().safeParse(1).error.issues[0].message));
    `);

    assert.equal(output, 'Invalid input: expected string, received number');
    assert.ok(!code.includes('Ungültige Eingabe'));
  });
});

async function runBundled(contents: string): Promise<{ output: unknown; code: string }> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    ...{ bundle: true, write: false, charset: 'utf8', platform: 'node', format: 'esm' },
    plugins: [...leanBundle],
  });
  const code = outputFiles.map(({ text }) => text).join('');
  const printed = execFileSync(process.execPath, ['--input-type=module'], { input: code });
  return { output: JSON.parse(printed.toString()), code };
}
