import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { createQemuDriver } from './qemu-driver.ts';
import { createQemuLab } from './qemu-lab.fixture.ts';
import { monitorArgument } from './port-args.ts';
import { savingPaths } from './saving-paths.ts';

const lab = createQemuLab();
const { processes, clock, newPlan, newSavedFiles } = lab;
const { signal: never } = new AbortController();
const nothing = () => Promise.resolve();
const programs = join(import.meta.dirname, '../../../../../test/support/programs');
const skip =
  (await processes.find('qemu-system-x86_64')) === undefined && 'install qemu-system-x86';

before(lab.setUp);
after(lab.tearDown);

suite('saving a QEMU', { skip }, () => {
  const driver = createQemuDriver({ processes, clock });

  async function savingLeft(plan: Awaited<ReturnType<typeof newPlan>>): Promise<unknown[]> {
    const files = (await lab.runFiles(plan)).filter((name) => name.startsWith('save'));
    return [...files, ...(await processes.listMatching(savingPaths(plan).monitorSocket))];
  }

  test('writes a memory file of the memory’s size with holes where nothing was written', async () => {
    const to = await newSavedFiles();
    await using vmm = await driver.launch(await newPlan(), never);

    await vmm.save(to, { atPause: nothing, signal: never });

    const { size, blocks, mode } = await stat(to.memory);
    assert.equal(size, 64 * 1024 * 1024);
    assert.ok(blocks * 512 < size / 4);
    assert.equal(mode & 0o777, 0o600);
    assert.equal((await stat(to.state)).mode & 0o777, 0o600);
  });

  for (const afterMs of [5, 40, 80, 120]) {
    test(`runs on when the save is aborted after ${String(afterMs)} ms, and can be saved`, async () => {
      const plan = await newPlan();
      await using vmm = await driver.launch(plan, never);
      const caller = new AbortController();

      const saving = vmm.save(await newSavedFiles(), { atPause: nothing, signal: caller.signal });
      await clock.wait(afterMs, never);
      caller.abort();
      await saving.catch(() => undefined); // It may have been quicker.

      assert.equal(await vmm.isPaused(never), false);
      assert.deepEqual(await savingLeft(plan), []);
      await vmm.save(await newSavedFiles(), { atPause: nothing, signal: never });
      assert.deepEqual(await savingLeft(plan), []);
    });
  }

  test('runs on when the receiver ends', async () => {
    const plan = await newPlan();
    await using vmm = await driver.launch(plan, never);

    const atPause = async () => {
      const mark = monitorArgument(savingPaths(plan).monitorSocket);
      const found = await processes.listMatching(mark);
      for (const { pid } of found) process.kill(pid, 'SIGKILL');
    };
    await assert.rejects(vmm.save(await newSavedFiles(), { atPause, signal: never }), {
      message: /^Cannot save VM "web": QEMU, receiving it, ended \(SIGKILL\)/,
    });

    assert.equal(await vmm.isPaused(never), false);
    assert.deepEqual(await savingLeft(plan), []);
  });

  test('runs on when the file system of the state is full', async () => {
    const plan = await newPlan();
    await using vmm = await driver.launch(plan, never);
    const to = { ...(await newSavedFiles()), state: '/dev/full' };

    await assert.rejects(vmm.save(to, { atPause: nothing, signal: never }), {
      code: 'host.disk_full',
    });

    assert.equal(await vmm.isPaused(never), false);
    assert.deepEqual(await savingLeft(plan), []);
  });

  test('is settled by the next daemon when one dies in the middle of it', async () => {
    const plan = await newPlan();
    await using vmm = await driver.launch(plan, never);
    const caller = new AbortController();
    const atPause = () => vmm.release();
    const saving = vmm.save(await newSavedFiles(), { atPause, signal: caller.signal });
    const mark = monitorArgument(savingPaths(plan).monitorSocket);
    const leftover = [process.execPath, join(programs, 'forever.ts'), mark] as const;
    const logFile = join(plan.paths.dir, 'leftover.log');
    await using receiver = await processes.spawn(leftover, { logFile, signal: never });
    await assert.rejects(
      Promise.race([saving, clock.wait(2000, never).then(() => caller.abort())]).then(() => saving),
    );
    assert.ok((await savingLeft(plan)).length > 0);

    await using adopted = await createQemuDriver({ processes, clock }).adopt(plan, never);

    assert.equal(await adopted?.isPaused(never), false);
    assert.deepEqual(await savingLeft(plan), []);
    assert.ok(receiver.gone.aborted);
  });

  test('makes the file of a disk larger and never smaller', async () => {
    const plan = await newPlan();
    await using vmm = await driver.launch(plan, never);

    await vmm.growDisk('overlay', 8, never);
    await vmm.growDisk('overlay', 4, never);

    assert.equal((await stat(plan.paths.overlayDisk)).size, 8 * 1024 * 1024);
  });

  test('tells QEMU’s own words about a state that is rubbish', async () => {
    const to = await newSavedFiles();
    await using vmm = await driver.launch(await newPlan(), never);
    await vmm.save(to, { atPause: nothing, signal: never });
    await writeFile(to.state, 'rubbish'.repeat(1000));
    const plan = await newPlan();
    const memory = { kind: 'private' as const, file: to.memory };

    const launched = driver.launch(
      { ...plan, start: { ...plan.start, memory, state: to.state } },
      never,
    );

    await assert.rejects(launched, {
      code: 'vm.state_unusable',
      message: /^Cannot start VM "web" from its saved state: Not a migration stream/,
    });
  });

  test('names the lock when a restored machine wants a disk of another', async () => {
    const to = await newSavedFiles();
    const first = await newPlan();
    await using vmm = await driver.launch(first, never);
    await vmm.save(to, { atPause: nothing, signal: never });
    const plan = await newPlan();
    const memory = { kind: 'private' as const, file: to.memory };
    const paths = { ...plan.paths, workDisk: first.paths.workDisk };
    const start = { ...plan.start, memory, state: to.state };

    const restored = driver.launch({ ...plan, paths, start }, never).then(async (fork) => {
      await using owned = fork;
      await owned.resume(never);
    });

    await assert.rejects(restored, {
      code: 'vm.start_failed',
      message: /another process uses one of its disks/,
    });
  });
});
