import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { assertFails, listVms, SMALL, stateOf, useFakeQemu } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { inside, mayMount, resizeTmpfs, startOnTmpfs } from '../support/small-disk.ts';

/** A file system that is full. */

const IMAGE = 'debian-bookworm-slim';

sandboxTest('full while an image and a kernel are pulled', { images: 'empty' }, async (home, t) => {
  if (!mayMount) {
    t.skip('only root may mount');
    return;
  }
  await startOnTmpfs(home, home.stateDir, '48m');

  const [image, kernel] = await Promise.all([
    assertFails(home, ['image', 'pull', IMAGE], /^error: Cannot build image .*is full/m),
    assertFails(home, ['kernel', 'pull', 'debian-6.1'], /^error: Cannot .*is full/m),
  ]);

  for (const { stderr } of [image, kernel]) assert.match(stderr, /^hint: df -h/m);
  const stateDir = await inside(home, home.stateDir);
  assert.deepEqual(await readdir(join(stateDir, 'builds')), []);
  assert.deepEqual(await readdir(join(stateDir, 'images')).catch(() => []), []);
  assert.deepEqual(await readdir(join(stateDir, 'kernels')).catch(() => []), []);
  await home.assertHostIsClean();
});

sandboxTest('full while the disks of a VM are made', {}, async (home, t) => {
  if (!mayMount) {
    t.skip('only root may mount');
    return;
  }
  await useFakeQemu(home);
  await startOnTmpfs(home, join(home.stateDir, 'vms'), '64k');

  const { stderr } = await assertFails(
    home,
    ['vm', 'create', ...SMALL],
    /^error: Cannot .*is full/m,
  );

  assert.match(stderr, /^hint: df -h/m);
  assert.deepEqual(await listVms(home), []);
  assert.deepEqual(await readdir(await inside(home, join(home.stateDir, 'vms'))), []);
  await home.assertHostIsClean();
});

sandboxTest(
  'full while a VM runs: the guest is told, and what it had synced stays',
  {},
  async (home, t) => {
    if (!mayMount) {
      t.skip('only root may mount');
      return;
    }
    const vms = join(home.stateDir, 'vms');
    await startOnTmpfs(home, vms, '48m');
    const guest = (script: string) => home.banger(['exec', 'web', '--', 'sh', '-c', script]);
    await home.ok(['vm', 'create', '--name', 'web', ...SMALL]);
    assert.equal((await guest('echo kept > /root/kept; sync')).status, 0);

    const filled = await guest('dd if=/dev/urandom of=/root/fill bs=1M count=100 conv=fsync');

    assert.ok(filled.status === 1, `${String(filled.status)} ${filled.stderr}`);
    assert.match(filled.stderr, /Input\/output error|No space left|Read-only file system/);
    assert.equal((await stateOf(home, 'web')).name, 'running');
    const shown = await home.ok(['vm', 'show', 'web']);
    assert.match(shown.stdout, /file system .* is full|host.*full/i);
    assert.equal((await guest('cat /root/kept')).stdout, 'kept\n');
    await home.ok(['vm', 'stop', 'web']);

    await resizeTmpfs(home, vms, '400m');
    await home.ok(['vm', 'start', 'web']);
    assert.equal(
      (await guest('cat /root/kept && echo more > /root/more && sync')).stdout,
      'kept\n',
    );
    await home.ok(['vm', 'delete', 'web']);
    assert.deepEqual(await readdir(await inside(home, vms)), []);
    await home.assertHostIsClean();
  },
);
