import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { disksContract } from '../../../../test/contract/disks.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createDisks } from './create-disks.ts';
import type { Disks } from './disks.ts';

interface Subject extends AsyncDisposable {
  readonly disks: Disks;
  readonly dir: string;
}

const never = new AbortController().signal;

async function open(): Promise<Subject> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
  const disks = createDisks({ processes: createSystemProcesses(), path: process.env['PATH'] });
  return { disks, dir: dir.path, [Symbol.asyncDispose]: () => dir.remove() };
}

disksContract('real disks', open);

test('a made disk is a clean ext4 file system with a journal and its label', async () => {
  await using subject = await open();
  const file = join(subject.dir, 'overlay.img');
  const processes = createSystemProcesses();

  await subject.disks.make(file, { mib: 512, label: 'banger-overlay', signal: never });

  const checked = await processes.run(['/usr/sbin/e2fsck', '-fn', file], { signal: never });
  const header = await processes.run(['/usr/sbin/dumpe2fs', '-h', file], { signal: never });
  assert.equal(checked.exitCode, 0, checked.stdout);
  assert.match(header.stdout, /volume name:\s+banger-overlay/);
  assert.match(header.stdout, /has_journal/);
});

test('a make that fails leaves nothing beside the disk', async () => {
  await using subject = await open();

  const made = subject.disks.make(join(subject.dir, 'missing', 'x.img'), {
    mib: 64,
    label: 'x',
    signal: never,
  });

  await assert.rejects(made, /ENOENT/);
  assert.deepEqual(await readdir(subject.dir), []);
});
