import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { processesContract } from '../../../../test/contract/processes.ts';
import { createSystemProcesses } from './system-processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'banger-processes-'));
const programs = join(import.meta.dirname, '../../../../test/support/programs');
const processes = createSystemProcesses();
const { signal: never } = new AbortController();
let logs = 0;

after(() => rmSync(dir, { recursive: true }));

processesContract('the system', {
  processes,
  program: (name, ...args) => [process.execPath, join(programs, `${name}.ts`), ...args],
  newLogFile: () => join(dir, `${String((logs += 1))}.log`),
  readLog: (file) => readFile(file, 'utf8'),
});

test('a child has the files that it inherits open, from descriptor 3 on', async () => {
  const files = ['one', 'two'].map((text) => {
    const path = join(dir, text);
    writeFileSync(path, text);
    return { path, access: 'read' } as const;
  });
  const program = "for (const fd of [3, 4]) process.stdout.write(require('fs').readFileSync(fd))";
  const logFile = join(dir, 'inherited.log');
  const options = { logFile, inherit: files, signal: never };

  await using child = await processes.spawn([process.execPath, '-e', program], options);
  await child.exited;

  assert.equal(await readFile(logFile, 'utf8'), 'onetwo');
});

test('nothing is started when a file to inherit is missing', async () => {
  const missing = { path: join(dir, 'no'), access: 'read' } as const;
  const options = { logFile: join(dir, 'x.log'), inherit: [missing], signal: never };

  await assert.rejects(processes.spawn([process.execPath], options), { code: 'ENOENT' });
});
