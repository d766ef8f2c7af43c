import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { disksContract } from '../../../../test/contract/disks.ts';
import { createFakeProcesses } from '../host/fake-processes.ts';
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

test('copies of read-only files can be written by this user alone, and nothing else is beside them', async () => {
  await using subject = await open();
  const [from, to] = [join(subject.dir, 'template'), join(subject.dir, 'vm')];
  await Promise.all([mkdir(from), mkdir(to)]);
  await writeFile(join(from, 'overlay.ext4'), 'some content');
  await chmod(join(from, 'overlay.ext4'), 0o400);

  const files = [{ from: join(from, 'overlay.ext4'), to: join(to, 'disk.img') }];
  await subject.disks.copy(files, never);

  assert.deepEqual(await readdir(to), ['disk.img']);
  assert.equal((await stat(join(to, 'disk.img'))).mode & 0o777, 0o600);
  assert.equal(await readFile(join(to, 'disk.img'), 'utf8'), 'some content');
});

test('files of one name are copied to one directory', async () => {
  await using subject = await open();
  const dirs = ['a', 'b'].map((name) => join(subject.dir, name));
  for (const dir of dirs) {
    await mkdir(dir);
    await writeFile(join(dir, 'disk'), dir);
  }

  await subject.disks.copy(
    dirs.map((dir, index) => ({ from: join(dir, 'disk'), to: join(subject.dir, String(index)) })),
    never,
  );

  assert.equal(await readFile(join(subject.dir, '1'), 'utf8'), dirs[1]);
});

test('a copy that finds the file system full says so and leaves nothing', async () => {
  await using subject = await open();
  const processes = createFakeProcesses({
    async cp({ args, complain }) {
      await writeFile(join(args[args.indexOf('-t') + 1] ?? '', 'overlay.ext4'), 'a part');
      complain("cp: error copying 'x' to 'y': No space left on device\n");
      return 1;
    },
  });
  const disks = createDisks({ processes, path: undefined });
  const to = join(subject.dir, 'overlay.ext4');

  const copied = disks.copy([{ from: '/template/overlay.ext4', to }], never);

  await assert.rejects(copied, { code: 'host.disk_full', hint: /df -h/ });
  assert.deepEqual(await readdir(subject.dir), []);
});
