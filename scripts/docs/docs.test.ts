import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { apiPage } from './api-page.ts';
import { cliPage } from './cli-page.ts';
import { errorsPage } from './errors-page.ts';

for (const [name, text] of [
  ['api.md', apiPage()],
  ['cli.md', cliPage()],
  ['errors.md', errorsPage()],
] as const) {
  test(`docs/${name} is what the code says`, () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
    assert.equal(page, text, 'run: make generate');
  });
}
