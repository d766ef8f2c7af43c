import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSystemProcesses } from '../host/system-processes.ts';
import { requireTools } from './host-tools.ts';

test('missing tools are named together, with one line that installs them', async () => {
  const processes = { ...createSystemProcesses(), find: () => Promise.resolve(undefined) };

  await assert.rejects(requireTools(processes, ['mmdebstrap', 'mkfs.ext4', 'newuidmap']), {
    code: 'host.tool_missing',
    message: 'Cannot run "mmdebstrap", "mkfs.ext4", "newuidmap": they are not installed',
    hint: 'sudo apt-get install e2fsprogs mmdebstrap uidmap',
  });
});

test("a normal user's PATH need not have the directories of system programs", async () => {
  const find = (program: string) =>
    Promise.resolve(program === '/usr/sbin/mkfs.ext4' ? program : undefined);

  const tools = await requireTools({ ...createSystemProcesses(), find }, ['mkfs.ext4']);

  assert.equal(tools['mkfs.ext4'], '/usr/sbin/mkfs.ext4');
});
