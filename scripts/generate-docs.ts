/**
 * Writes the pages of docs/ that follow from the code: cli.md from the commands, errors.md from the error catalog,
 * api.md from the API's object. With --check it writes nothing and fails when a page is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { apiPage } from './docs/api-page.ts';
import { cliPage } from './docs/cli-page.ts';
import { errorsPage } from './docs/errors-page.ts';

const docs = join(import.meta.dirname, '../docs');
const pages = { 'cli.md': cliPage(), 'errors.md': errorsPage(), 'api.md': apiPage() };

const stale: string[] = [];
for (const [name, text] of Object.entries(pages)) {
  const path = join(docs, name);
  if ((await readFile(path, 'utf8').catch(() => '')) !== text) stale.push(name);
}
if (process.argv.includes('--check')) {
  for (const name of stale) process.stderr.write(`error: docs/${name} is stale\n`);
  if (stale.length > 0) process.stderr.write('hint: make generate\n');
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  await mkdir(docs, { recursive: true });
  for (const [name, text] of Object.entries(pages)) {
    if (stale.includes(name)) await writeFile(join(docs, name), text);
  }
}
