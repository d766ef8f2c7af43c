import assert from 'node:assert/strict';
import { rm, stat, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';

import { idlingKernel } from '../idling-kernel.fixture.ts';
import { createFirecrackerLab } from './firecracker-lab.fixture.ts';
import { ranMark } from './run-files.ts';

const lab = createFirecrackerLab(idlingKernel());
const { signal: never } = new AbortController();
const skip = (await lab.processes.find('qemu-system-x86_64')) === undefined && 'install QEMU';
const nothing = () => Promise.resolve();

before(lab.setUp);
after(lab.tearDown);

suite('saving a Firecracker', { skip }, () => {
  test('writes a memory file with holes where nothing was written, closed to others', async () => {
    const to = await lab.newSavedFiles();
    await using vmm = await lab.newDriver().launch(await lab.newPlan(), never);

    await vmm.save(to, { atPause: nothing, signal: never });

    const { size, blocks, mode } = await stat(to.memory);
    assert.equal(size, 64 * 1024 * 1024);
    assert.ok(blocks * 512 < size / 4);
    assert.equal(mode & 0o777, 0o600);
    assert.equal((await stat(to.state)).mode & 0o777, 0o600);
  });

  test('lets the VM run on when it fails, says why, and can be done again', async () => {
    const plan = await lab.newPlan();
    await using vmm = await lab.newDriver().launch(plan, never);
    const on = 'PUT /snapshot/create';
    const full = 'Cannot write: No space left on device (os error 28)';

    for (const [fault, expected] of [
      [{ on, do: 'refuse', message: full }, { code: 'host.disk_full' }],
      [
        { on, do: 'refuse', message: 'no' },
        { code: 'host.resources', message: /: no$/ },
      ],
      [{ on, do: 'garbage' }, { message: /asked for PUT \/snapshot\/create/ }],
      [{ on, do: 'hang-up' }, { message: /asked for PUT \/snapshot\/create/ }],
    ] as const) {
      await lab.fake.setFaults([fault]);
      const to = await lab.newSavedFiles();
      await assert.rejects(vmm.save(to, { atPause: nothing, signal: never }), expected);
      await lab.fake.setFaults([]);
      assert.equal(await vmm.isPaused(never), false);
    }
    await vmm.save(await lab.newSavedFiles(), { atPause: nothing, signal: never });
    assert.equal(await vmm.isPaused(never), false);
  });

  test('that ends Firecracker is told as the end of the VM', async () => {
    const plan = await lab.newPlan();
    await using vmm = await lab.newDriver().launch(plan, never);
    await lab.fake.setFaults([{ on: 'PUT /snapshot/create', do: 'die-after' }]);

    const saving = vmm.save(await lab.newSavedFiles(), { atPause: nothing, signal: never });
    await assert.rejects(saving, { code: 'vm.ended' });

    await lab.fake.setFaults([]);
    await lab.newDriver().sweep(plan, never);
    assert.deepEqual(await lab.runFiles(plan), []);
  });

  test('is settled by the next daemon when one dies in the middle of it', async () => {
    const plan = await lab.newPlan();
    await using vmm = await lab.newDriver().launch(plan, never);
    await vmm.pause(never);
    await writeFile(ranMark(plan), '');

    await using adopted = await lab.newDriver().adopt(plan, never);

    assert.equal(await adopted?.isPaused(never), false);
    await assert.rejects(stat(ranMark(plan)), { code: 'ENOENT' });
  });

  test('finds, adopts and sweeps a Firecracker whose run file was never written', async () => {
    const plan = await lab.newPlan();
    await using lost = await lab.newDriver().launch(plan, never);
    await rm(plan.paths.pidFile);

    const adopted = await lab.newDriver().adopt(plan, never);
    await rm(plan.paths.pidFile);
    await lab.newDriver().sweep(plan, never);

    assert.equal(adopted?.pid, lost.pid);
    assert.equal((await lost.exited).kind, 'killed');
    assert.deepEqual(await lab.runFiles(plan), []);
  });

  test('makes the file of a disk larger and never smaller', async () => {
    const plan = await lab.newPlan();
    await using vmm = await lab.newDriver().launch(plan, never);

    await vmm.growDisk('overlay', 8, never);
    await vmm.growDisk('overlay', 4, never);

    assert.equal((await stat(plan.paths.overlayDisk)).size, 8 * 1024 * 1024);
  });
});
