import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { processesContract } from '../../../../test/contract/processes.ts';
import { createSystemProcesses } from './system-processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'banger-processes-'));
const programs = join(import.meta.dirname, '../../../../test/support/programs');
let logs = 0;

after(() => rmSync(dir, { recursive: true }));

processesContract('the system', {
  processes: createSystemProcesses(),
  program: (name, ...args) => [process.execPath, join(programs, `${name}.ts`), ...args],
  newLogFile: () => join(dir, `${String((logs += 1))}.log`),
  readLog: (file) => readFile(file, 'utf8'),
});
