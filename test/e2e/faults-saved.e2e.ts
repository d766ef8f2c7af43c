import assert from 'node:assert/strict';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import {
  assertFails,
  killAndWait,
  killDaemon,
  listVms,
  startBanger,
  stateOf,
  until,
} from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import {
  asSavedElsewhere,
  assertCounts,
  assertDisksAreClean,
  COUNT,
  qemuPids,
  savingLeftovers,
} from '../support/saved-vms.ts';
import { inside, mayMount, resizeTmpfs, startOnTmpfs, usedOnTmpfs } from '../support/small-disk.ts';
import { bootIdOf, clockOffsetMs, guestSays, showVm, SLIM } from '../support/vms.ts';

/** Everything that can be killed, or be full, while a running machine is saved or taken up again. */

/** Enough memory in use that a save takes a moment in which something can happen to it */
const FILL = 'dd if=/dev/urandom of=/run/fill bs=1M count=60 2>/dev/null';

sandboxTest('a daemon killed while it saves or restores a VM', {}, async (home, _, part) => {
  const bootId = await createCounting(home, { fill: '' });
  const restart = ['vm', 'start', 'web'];

  for (const at of ['save:started', 'save:done', 'commit:started']) {
    await part(`suspend, at ${at}: it runs on`, async () => {
      await crashes(home, at, ['vm', 'suspend', 'web']);
      await assertRunsOn(home, bootId);
    });
  }
  await part('suspend, at commit:done: it is suspended', async () => {
    await crashes(home, 'commit:done', ['vm', 'suspend', 'web']);
    assert.equal((await stateOf(home, 'web')).name, 'suspended');
    assert.deepEqual(await qemuPids(home), []);
    await home.ok(restart);
    await assertRunsOn(home, bootId);
  });
  for (const at of ['launch-vmm:done', 'resume-vcpus:started']) {
    await part(`start of a suspended one, at ${at}: it is suspended still`, async () => {
      await home.ok(['vm', 'suspend', 'web']);
      await crashes(home, at, restart);
      assert.equal((await stateOf(home, 'web')).name, 'suspended');
      assert.deepEqual(await qemuPids(home), []);
      await home.ok(restart);
      await assertRunsOn(home, bootId);
    });
  }
  for (const at of ['save:started', 'save:done', 'commit:started', 'commit:done']) {
    await part(`snapshot, at ${at}: it runs on, and there is none`, async () => {
      await crashes(home, at, ['vm', 'snapshot', 'web', 'cut']);
      await assertRunsOn(home, bootId);
      assert.deepEqual((await showVm(home, 'web')).snapshots, []);
      assert.deepEqual(await snapshotFiles(home), []);
    });
  }
  for (const at of ['save:started', 'save:done', 'launch-vmm:done', 'identify-guest:started']) {
    await part(`fork, at ${at}: it runs on, and has no children`, async () => {
      await crashes(home, at, ['vm', 'fork', 'web', '--count', '2']);
      await assertRunsOn(home, bootId);
      assert.equal((await listVms(home)).length, 1);
    });
  }
  await part('restore, anywhere: it goes on from the snapshot', async () => {
    await guestSays(home, 'web', ['sh', '-c', 'echo then > /root/f; echo then > /run/f']);
    await home.ok(['vm', 'snapshot', 'web', 'then']);
    const points = ['restore-disks:started', 'restore-disks:done', 'commit:started', 'commit:done'];
    for (const at of points) {
      await guestSays(home, 'web', ['sh', '-c', 'echo now > /root/f; echo now > /run/f; sync']);
      await crashes(home, at, ['vm', 'restore', 'web', 'then']);
      assert.equal((await stateOf(home, 'web')).name, 'suspended', at);
      await home.ok(restart);
      await assertRunsOn(home, bootId);
      assert.equal(await guestSays(home, 'web', ['cat', '/root/f', '/run/f']), 'then\nthen', at);
    }
  });
  await part('start of a suspended one, when its guest goes on: its memory is lost', async () => {
    await guestSays(home, 'web', ['sh', '-c', 'echo kept > /root/f; sync']);
    await home.ok(['vm', 'suspend', 'web']);
    await crashes(home, 'resume-vcpus:done', restart);
    assert.equal((await stateOf(home, 'web')).name, 'stopped');
    assert.deepEqual(await qemuPids(home), []);
    await home.ok(restart);
    assert.notEqual(await bootIdOf(home, 'web'), bootId);
    assert.equal(await guestSays(home, 'web', ['cat', '/root/f']), 'kept');
  });
  await endsWell(home);
});

sandboxTest('a monitor killed while its VM is saved', {}, async (home, _, part) => {
  for (const verb of ['suspend', 'snapshot', 'fork']) {
    await part(`${verb}, and the VM's own dies: it is stopped, and starts again`, async () => {
      await createCounting(home);
      await guestSays(home, 'web', ['sh', '-c', 'echo kept > /root/f; sync']);
      const [own = 0] = await qemuPids(home);
      const saving = await startSaving(home, verb);
      await killAndWait(own);
      const { status, stderr } = await saving.ended;
      assert.equal(status, 1, stderr);
      assert.match(stderr, /^error: .*"?web"?.*ended/m);
      assert.match(stderr, /^hint: banger /m);
      await until('it is stopped', async () => (await stateOf(home, 'web')).name === 'stopped');
      assert.deepEqual([await qemuPids(home), await savingLeftovers(home)], [[], []]);
      assert.equal((await listVms(home)).length, 1);
      await home.ok(['vm', 'start', 'web']);
      assert.equal(await guestSays(home, 'web', ['cat', '/root/f']), 'kept');
      await endsWell(home);
    });
  }
  // Only the memory of a machine that was not restored goes through a second QEMU.
  for (const verb of ['suspend', 'snapshot', 'fork']) {
    await part(`${verb}, and the one that receives it dies: it runs on`, async () => {
      const bootId = await createCounting(home, { flags: ['--no-template'] });
      const own = await qemuPids(home);
      const saving = startBanger(home, ['vm', verb, 'web']);
      await until('it is received', async () => (await qemuPids(home)).length > own.length);
      const receiver = (await qemuPids(home)).find((pid) => !own.includes(pid));
      await killAndWait(receiver ?? 0);
      assert.equal((await saving.ended).status, 1);
      await assertRunsOn(home, bootId);
      await endsWell(home);
    });
  }
});

sandboxTest('Ctrl-C while a VM is saved: it runs on', {}, async (home, _, part) => {
  const bootId = await createCounting(home);
  for (const verb of ['suspend', 'snapshot', 'fork']) {
    await part(verb, async () => {
      const saving = await startSaving(home, verb);
      saving.kill('SIGINT');
      const { status, stderr } = await saving.ended;
      assert.equal(status, 130, stderr);
      await assertRunsOn(home, bootId);
      assert.equal((await listVms(home)).length, 1);
      assert.deepEqual((await showVm(home, 'web')).snapshots, []);
    });
  }
  await part('fork, when the children are being started', async () => {
    const forking = startBanger(home, ['vm', 'fork', 'web', '--count', '5']);
    await until('a child is being started', async () => {
      const names = await readdir(join(home.runtimeDir, 'vms'));
      return names.length > 1;
    });
    forking.kill('SIGINT');
    assert.equal((await forking.ended).status, 130);
    await assertRunsOn(home, bootId);
    assert.equal((await listVms(home)).length, 1);
  });
  await part(
    'a suspended one stays so where it cannot go on, and has the right time when it does',
    async () => {
      await home.ok(['vm', 'suspend', 'web']);
      await asSavedElsewhere(home, 'web', async () => {
        const { stderr } = await assertFails(
          home,
          ['vm', 'start', 'web'],
          /it was saved .* cannot load it/,
        );
        assert.match(stderr, /^hint: +banger vm kill web; banger vm start web/m);
        assert.equal((await stateOf(home, 'web')).name, 'suspended');
      });
      await pause(10_000);
      await home.ok(['vm', 'start', 'web']);
      assert.ok((await clockOffsetMs(home, 'web')) < 2000);
    },
  );
  await endsWell(home);
});

sandboxTest('a disk that is full while a VM is saved', {}, async (home, t, part) => {
  if (!mayMount) {
    t.skip('only root may mount');
    return;
  }
  const vms = join(home.stateDir, 'vms');
  await startOnTmpfs(home, vms, '100m');
  const bootId = await createCounting(home);
  const full = /^error: Cannot .*(?:no space is left|is full)/m;

  for (const verb of [['suspend'], ['snapshot']]) {
    await part(`${verb.join()} fails, and the VM runs on`, async () => {
      await assertFails(home, ['vm', ...verb, 'web'], full);
      await assertRunsOn(home, bootId);
      assert.deepEqual((await showVm(home, 'web')).snapshots, []);
      const [id = ''] = await readdir(await inside(home, vms));
      const files = await readdir(await inside(home, join(vms, id)), { recursive: true });
      assert.deepEqual(
        files.filter((file) => /saved|\.new|memory/.test(file)),
        [],
      );
    });
  }
  await part('with room again both work', async () => {
    await resizeTmpfs(home, vms, '1g');
    await home.ok(['vm', 'snapshot', 'web', 'roomy']);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    await assertRunsOn(home, bootId);
  });
  await part('restore fails, and the VM runs on', async () => {
    // A page that is read of a hole takes room on a tmpfs: it has to run off another file system.
    await home.ok(['vm', 'restart', 'web']);
    await guestSays(home, 'web', ['sh', '-c', COUNT]);
    const newBootId = await bootIdOf(home, 'web');
    await resizeTmpfs(home, vms, await usedOnTmpfs(home, vms));
    await assertFails(home, ['vm', 'restore', 'web', 'roomy'], full);
    await assertRunsOn(home, newBootId);
    await resizeTmpfs(home, vms, '1g');
  });
  await home.ok(['vm', 'delete', 'web']);
  await home.assertHostIsClean();
});

sandboxTest('a disk that is full while a VM is forked', {}, async (home, t) => {
  if (!mayMount) {
    t.skip('only root may mount');
    return;
  }
  const builds = join(home.stateDir, 'builds');
  await startOnTmpfs(home, builds, '50m');
  const bootId = await createCounting(home);
  const args = ['vm', 'fork', 'web', '--count', '2'];

  await assertFails(home, args, /^error: Cannot .*(?:no space is left|is full)/m);

  await assertRunsOn(home, bootId);
  assert.equal((await listVms(home)).length, 1);
  assert.deepEqual(await readdir(await inside(home, builds)), []);
  await endsWell(home);
});

/** The VM `web`, with a process that counts; resolves with the name of its boot. */
async function createCounting(
  home: SandboxHome,
  { fill = FILL, flags = [] }: { readonly fill?: string; readonly flags?: readonly string[] } = {},
): Promise<string> {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM, ...flags]);
  await guestSays(home, 'web', ['sh', '-c', `${fill}\n${COUNT}`]);
  return bootIdOf(home, 'web');
}

/** Runs a command whose daemon, a new one, dies under it. */
async function crashes(home: SandboxHome, at: string, args: readonly string[]): Promise<void> {
  await killDaemon(home);
  const finished = await home.banger(args, { env: { BANGER_TEST_CRASH_AT: at } });
  assert.equal(finished.status, 1, `${at}: ${finished.stderr}`);
  assert.match(finished.stderr, /^error: .*daemon/m, at);
  assert.match(finished.stderr, /^hint: banger /m, at);
}

/** As if nothing had happened: in the same boot, with what ran in it, nothing beside its files. */
async function assertRunsOn(home: SandboxHome, bootId: string): Promise<void> {
  assert.equal((await stateOf(home, 'web')).name, 'running');
  assert.equal(await bootIdOf(home, 'web'), bootId);
  await assertCounts(home, 'web');
  assert.equal((await qemuPids(home)).length, 1);
  assert.deepEqual(await savingLeftovers(home), []);
}

async function endsWell(home: SandboxHome): Promise<void> {
  await home.ok(['vm', 'stop', 'web']);
  await assertDisksAreClean(home, 'web');
  await home.ok(['vm', 'delete', 'web']);
  await home.assertHostIsClean();
}

/** Resolves when the memory of `web` is being written. */
async function startSaving(home: SandboxHome, verb: string) {
  const saving = startBanger(home, ['vm', verb, 'web']);
  const isWritten = (name: string) => name.endsWith('/memory');
  await until('it is saved', async () => (await savingLeftovers(home)).some(isWritten));
  return saving;
}

async function snapshotFiles(home: SandboxHome): Promise<readonly string[]> {
  const [id = ''] = await readdir(join(home.stateDir, 'vms'));
  const dir = join(home.stateDir, 'vms', id, 'snapshots');
  return access(dir).then(
    () => readdir(dir),
    () => [],
  );
}
